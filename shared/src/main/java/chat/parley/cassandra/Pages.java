package chat.parley.cassandra;

import com.datastax.oss.driver.api.core.cql.ColumnDefinitions;
import com.datastax.oss.driver.api.core.cql.ExecutionInfo;
import com.datastax.oss.driver.api.core.cql.ResultSet;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.Statement;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** Rows page by page, each asked for as the first one was: so it is repeated and its failure explained, which the driver's own does not do from the second on. */
final class Pages implements ResultSet {
    private final Cassandra cassandra;
    private final Statement<?> statement;
    private ResultSet page;
    private final Iterator<Row> rows = new Rows();

    Pages(Cassandra cassandra, Statement<?> statement, ResultSet first) {
        this.cassandra = cassandra;
        this.statement = statement;
        this.page = first;
    }

    private final class Rows implements Iterator<Row> {
        @Override
        public boolean hasNext() {
            while (page.getAvailableWithoutFetching() == 0) {
                var next = page.getExecutionInfo().getPagingState();
                if (next == null) {
                    return false;
                }
                page = cassandra.page(statement.setPagingState(next));
            }
            return true;
        }

        @Override
        public Row next() {
            var row = hasNext() ? page.one() : null;
            if (row == null) {
                throw new NoSuchElementException();
            }
            return row;
        }
    }

    @Override
    public Iterator<Row> iterator() {
        return rows;
    }

    @Override
    public ColumnDefinitions getColumnDefinitions() {
        return page.getColumnDefinitions();
    }

    @Override
    public List<ExecutionInfo> getExecutionInfos() {
        return page.getExecutionInfos();
    }

    @Override
    public boolean isFullyFetched() {
        return page.getExecutionInfo().getPagingState() == null;
    }

    @Override
    public int getAvailableWithoutFetching() {
        return page.getAvailableWithoutFetching();
    }

    @Override
    public boolean wasApplied() {
        return page.wasApplied();
    }
}
