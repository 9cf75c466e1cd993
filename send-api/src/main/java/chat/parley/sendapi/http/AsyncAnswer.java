package chat.parley.sendapi.http;

import chat.parley.json.JsonText;

/** What an {@link AsyncRoute} answers; its own headers are given to {@link AsyncCall#answerHeader}. */
public final class AsyncAnswer {
    private final int status;
    private final JsonText.Writer json;

    private AsyncAnswer(int status, JsonText.Writer json) {
        this.status = status;
        this.json = json;
    }

    /** JSON with a status; written later, on the thread that hands it to the socket. */
    public static AsyncAnswer json(int status, JsonText.Writer writer) {
        return new AsyncAnswer(status, writer);
    }

    int status() {
        return status;
    }

    byte[] json() {
        return JsonText.bytes(json);
    }
}
