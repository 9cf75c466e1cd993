package chat.parley.media;

import java.io.FilterInputStream;
import java.io.IOException;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** An answer's bytes. Closed before the end it gives the connection up, where closing as usual would first read all the rest. */
final class S3Part extends FilterInputStream {
    private final ResponseInputStream<GetObjectResponse> answer;
    private boolean ended;

    S3Part(ResponseInputStream<GetObjectResponse> answer) {
        super(answer);
        this.answer = answer;
    }

    @Override
    public int read() throws IOException {
        try {
            int read = answer.read();
            ended |= read < 0;
            return read;
        } catch (SdkException e) {
            throw new IOException(e);
        }
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        try {
            int read = answer.read(bytes, offset, length);
            ended |= read < 0;
            return read;
        } catch (SdkException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        if (ended) {
            answer.close();
        } else {
            answer.abort();
        }
    }
}
