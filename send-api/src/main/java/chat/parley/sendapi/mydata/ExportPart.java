package chat.parley.sendapi.mydata;

import chat.parley.id.UserId;
import java.io.IOException;

/** One owner's part of an export. Reads page by page, and writes each before it reads the next: nobody's data is ever whole in memory. */
@FunctionalInterface
public interface ExportPart {
    /** Writes all there is of {@code user}. */
    void write(UserId user, ExportLines lines) throws IOException;
}
