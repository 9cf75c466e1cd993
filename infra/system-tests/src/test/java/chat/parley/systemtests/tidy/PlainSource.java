package chat.parley.systemtests.tidy;

import java.nio.file.Path;
import javax.tools.SimpleJavaFileObject;

/** A source for the compiler's parser, whatever the file is called. */
final class PlainSource extends SimpleJavaFileObject {
    private final Path file;

    PlainSource(Path file) {
        super(file.toUri(), Kind.SOURCE);
        this.file = file;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return Tree.text(file);
    }

    @Override
    public String getName() {
        return file.toString();
    }
}
