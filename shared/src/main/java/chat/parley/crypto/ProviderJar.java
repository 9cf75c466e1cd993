package chat.parley.crypto;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/**
 * Loads classes from one jar and from the JDK only, so that it is certain which jar a library comes from. Reads the jar without looking at the signature inside: that would take
 * 0.2 s of CPU and 12 MB, and whence our jars come is Maven's to check, for this one as for all others.
 */
final class ProviderJar extends ClassLoader {
    /** Never closed: classes may be asked for as long as the process lives. */
    private final JarFile jar;

    ProviderJar(Path jar) throws IOException {
        super("native-curves", ClassLoader.getPlatformClassLoader());
        this.jar = new JarFile(jar.toFile(), false);
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        try (var code = getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (code == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] bytes = code.readAllBytes();
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    @Override
    public @Nullable InputStream getResourceAsStream(String name) {
        var entry = jar.getJarEntry(name);
        try {
            return entry == null ? null : jar.getInputStream(entry);
        } catch (IOException e) {
            return null; // as ClassLoader promises
        }
    }
}
