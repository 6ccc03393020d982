package io.github.deepxray.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example of the library is what users copy: it must compile. */
class ReadmeTest {
  private static final String IMPORTS =
      """
      import io.github.deepxray.core.bundle.*;
      import io.github.deepxray.core.network.*;
      import io.github.deepxray.core.progress.*;
      import io.github.deepxray.datasets.*;
      import io.github.deepxray.export.*;
      import io.github.deepxray.train.*;
      import io.github.deepxray.train.head.*;
      import java.nio.file.Path;
      import java.util.OptionalDouble;
      """;

  @TempDir Path folder;

  @Test
  void theExampleCompiles() throws IOException {
    Path readme = Path.of(System.getProperty("deepxray.root"), "README.md");
    Matcher block =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(readme));
    assertThat(block.find()).as("a java block in the README").isTrue();
    String source =
        IMPORTS
            + "class Example { static void main(String[] args) throws Exception {\n"
            + block.group(1)
            + "}}";
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    JavaFileObject file =
        new SimpleJavaFileObject(URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    boolean compiled =
        compiler
            .getTask(
                messages,
                null,
                null,
                List.of("-d", folder.toString(), "-proc:none"),
                null,
                List.of(file))
            .call();
    assertThat(compiled).as(messages.toString()).isTrue();
  }
}
