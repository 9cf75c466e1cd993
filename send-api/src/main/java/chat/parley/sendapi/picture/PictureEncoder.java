package chat.parley.sendapi.picture;

import chat.parley.media.SpoolFile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Writes thumbnails: JPEG, or PNG where one can see through. */
final class PictureEncoder {
    /** Half the bytes of the default's next step up, and nobody sees it at these sizes. */
    private static final float QUALITY = 0.8f;

    private PictureEncoder() {}

    static SpoolFile encode(BufferedImage image, boolean alpha) throws IOException {
        var file = SpoolFile.create();
        try {
            var writer =
                    ImageIO.getImageWritersByFormatName(alpha ? "png" : "jpeg").next();
            try (var out = file.append();
                    var stream = new MemoryCacheImageOutputStream(out)) {
                var how = writer.getDefaultWriteParam();
                if (!alpha) {
                    how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                    how.setCompressionQuality(QUALITY);
                }
                writer.setOutput(stream);
                writer.write(null, new IIOImage(image, null, null), how);
            } finally {
                writer.dispose();
            }
            return file;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }
}
