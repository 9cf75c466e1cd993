package chat.parley.systemtests.groups;

import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.systemtests.groups.CountingRelay.Requests;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/** How statements are told apart on their way to a database. */
final class Languages {
    /** Asks for encryption, which the servers of tests decline; the start follows again. */
    private static final int SSL_REQUEST = 80_877_103;

    private static final int CQL_HEADER = 9;
    private static final int CQL_OPCODE = 4;
    private static final int CQL_LENGTH = 5;

    private static final Map<Integer, String> CQL_REQUESTS =
            Map.of(0x07, "QUERY", 0x09, "PREPARE", 0x0A, "EXECUTE", 0x0D, "BATCH");

    private Languages() {}

    /** PostgreSQL's protocol 3: each execution by the statement's text, also of one that was prepared before. */
    static void postgres(DataInputStream from, DataOutputStream to, Requests requests) throws IOException {
        int code = SSL_REQUEST;
        while (code == SSL_REQUEST) {
            int length = from.readInt();
            byte[] start = from.readNBytes(length - Integer.BYTES);
            code = ByteBuffer.wrap(start).getInt();
            to.writeInt(length);
            to.write(start);
            to.flush();
        }
        var statements = new HashMap<String, String>();
        var portals = new HashMap<String, String>();
        for (int type = from.read(); type >= 0; type = from.read()) {
            int length = from.readInt();
            byte[] body = from.readNBytes(length - Integer.BYTES);
            var words = ByteBuffer.wrap(body);
            switch (type) {
                case 'P' -> statements.put(word(words), word(words));
                case 'B' -> portals.put(word(words), statements.getOrDefault(word(words), "?"));
                case 'E' -> requests.count(portals.getOrDefault(word(words), "?"));
                case 'Q' -> requests.count(word(words));
                default -> {}
            }
            to.writeByte(type);
            to.writeInt(length);
            to.write(body);
            if (from.available() == 0) {
                to.flush();
            }
        }
    }

    /** Up to the next zero. */
    private static String word(ByteBuffer words) {
        var word = new ByteArrayOutputStream();
        for (byte next = words.get(); next != 0; next = words.get()) {
            word.write(next);
        }
        return word.toString(UTF_8);
    }

    /** CQL's frames before version 5: each request by its kind. */
    static void cql(DataInputStream from, DataOutputStream to, Requests requests) throws IOException {
        while (true) {
            byte[] header = from.readNBytes(CQL_HEADER);
            if (header.length < CQL_HEADER) {
                return;
            }
            byte[] body = from.readNBytes(ByteBuffer.wrap(header).getInt(CQL_LENGTH));
            var request = CQL_REQUESTS.get((int) header[CQL_OPCODE]);
            if (request != null) {
                requests.count(request);
            }
            to.write(header);
            to.write(body);
            if (from.available() == 0) {
                to.flush();
            }
        }
    }
}
