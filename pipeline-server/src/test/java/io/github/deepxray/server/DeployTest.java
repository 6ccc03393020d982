package io.github.deepxray.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.serve.ServerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The container files agree with each other and with what the build makes. */
class DeployTest {
  private static final Path ROOT = Path.of(System.getProperty("deepxray.root"));

  private static String read(String file) throws IOException {
    // Commands go on in the next line.
    return Files.readString(ROOT.resolve(file)).replace("\\\n", "");
  }

  private static String find(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern, Pattern.MULTILINE).matcher(text);
    assertThat(matcher.find()).as(pattern).isTrue();
    return matcher.group(1);
  }

  @Test
  void bothImagesAreTheSame() throws Exception {
    String docker = read("deploy/Dockerfile");
    String pom = read("pipeline-server/pom.xml");
    assertThat(find("^FROM (\\S+)$", docker)).isEqualTo(find("<image>(eclipse\\S+)</image>", pom));
    String user = find("^USER (\\d+)$", docker);
    assertThat(user).isEqualTo(find("<user>(\\d+)</user>", pom));
    assertThat(find("useradd --uid (\\d+)", docker)).isEqualTo(user);
    assertThat(find("^EXPOSE (\\d+)$", docker))
        .isEqualTo(find("<port>(\\d+)</port>", pom))
        .isEqualTo(Integer.toString(ServerOptions.DEFAULT_PORT));
    Class.forName(find("<mainClass>(\\S+)</mainClass>", pom));
  }

  @Test
  void theDockerfileStartsWhatTheBuildMakes() throws Exception {
    String docker = read("deploy/Dockerfile");
    String home = find("^COPY pipeline-server/target/deepxray-serve (\\S+)$", docker);
    String program = find("^ENTRYPOINT \\[\"([^\"]+)\"", docker);
    assertThat(program).startsWith(home + "/");
    assertThat(ROOT.resolve("pipeline-server/src/main/dist" + program.substring(home.length())))
        .isRegularFile();
    String check = find("^HEALTHCHECK (.*)$", docker);
    assertThat(check).contains(home + "/lib/*");
    Class.forName(find("\"(io\\.github\\.[^\"]+)\"", check));
    // Read when it is built.
    assertThat(read("deploy/Dockerfile.dockerignore"))
        .contains("pipeline-server/target/deepxray-serve");
  }

  @Test
  void theComposeFileLeadsToThePortAndTheModels() throws Exception {
    String compose = read("deploy/compose.yaml");
    String docker = read("deploy/Dockerfile");
    assertThat(find("dockerfile: (\\S+)", compose)).isEqualTo("deploy/Dockerfile");
    assertThat(find("ports: \\[\"127\\.0\\.0\\.1:\\d+:(\\d+)\"]", compose))
        .isEqualTo(find("^EXPOSE (\\d+)$", docker));
    assertThat(compose).contains("}:" + find("^CMD \\[\"([^\"]+)\"]", docker) + ":ro\"");
    // The only place for TensorFlow Lite's library while all else is read-only.
    assertThat(find("cachedir=(/\\w+)/", docker))
        .isEqualTo(find("tmpfs: \\[\"(/\\w+):exec", compose));
  }
}
