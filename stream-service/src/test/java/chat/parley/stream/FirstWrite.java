package chat.parley.stream;

import java.nio.ByteBuffer;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.util.Callback;

/** An answer without a head: what was gathered is written, and then the endpoint is the stream's, as after Jetty's own head. */
record FirstWrite(AbstractEndPoint endPoint) implements StreamAnswer {
    @Override
    public void begin(ByteBuffer first) {
        endPoint.write(
                Callback.from(
                        () -> endPoint.getConnection().onOpen(),
                        failure -> endPoint.getConnection().onClose(failure)),
                first);
    }

    @Override
    public void abort() {}
}
