package chat.parley.sendapi.picture;

import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;

/** Makes images smaller and turns them the right way up. */
final class Scaling {
    private Scaling() {}

    /** At most {@code size} wide and high, in the same proportion; never larger than it was. */
    static BufferedImage toFit(BufferedImage image, int size, boolean alpha) {
        double factor = Math.min(1, (double) size / Math.max(image.getWidth(), image.getHeight()));
        int width = Math.max(1, (int) Math.round(image.getWidth() * factor));
        int height = Math.max(1, (int) Math.round(image.getHeight() * factor));
        var from = image;
        // By halves: each pixel then counts, where one large step would look at every other.
        while (from.getWidth() > 2 * width && from.getHeight() > 2 * height) {
            from = scaled(from, from.getWidth() / 2, from.getHeight() / 2, alpha);
        }
        return scaled(from, width, height, alpha);
    }

    private static BufferedImage scaled(BufferedImage from, int width, int height, boolean alpha) {
        var to = new BufferedImage(width, height, alpha ? BufferedImage.TYPE_INT_ARGB : BufferedImage.TYPE_INT_RGB);
        var graphics = to.createGraphics();
        try {
            graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
            graphics.drawImage(from, 0, 0, width, height, null);
        } finally {
            graphics.dispose();
        }
        return to;
    }

    /** @param orientation 1 to 8, as EXIF counts */
    static BufferedImage turned(BufferedImage image, int orientation, boolean alpha) {
        if (orientation == Exif.UPRIGHT) {
            return image;
        }
        int width = image.getWidth();
        int height = image.getHeight();
        // Each maps a stored pixel (x, y) to where it is shown.
        var turn = switch (orientation) {
            case 2 -> new AffineTransform(-1, 0, 0, 1, width, 0);
            case 3 -> new AffineTransform(-1, 0, 0, -1, width, height);
            case 4 -> new AffineTransform(1, 0, 0, -1, 0, height);
            case 5 -> new AffineTransform(0, 1, 1, 0, 0, 0);
            case 6 -> new AffineTransform(0, 1, -1, 0, height, 0);
            case 7 -> new AffineTransform(0, -1, -1, 0, height, width);
            case 8 -> new AffineTransform(0, -1, 1, 0, 0, width);
            default -> throw new IllegalArgumentException("orientation " + orientation);
        };
        boolean lying = orientation > 4;
        var to = new BufferedImage(
                lying ? height : width,
                lying ? width : height,
                alpha ? BufferedImage.TYPE_INT_ARGB : BufferedImage.TYPE_INT_RGB);
        var graphics = to.createGraphics();
        try {
            graphics.drawImage(image, turn, null);
        } finally {
            graphics.dispose();
        }
        return to;
    }
}
