package io.github.deepxray.examples.spring;

import io.github.deepxray.classify.Classifier;
import io.github.deepxray.core.image.ImageCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;

/** Spring application that classifies uploaded images, those of a request in a parallel stream. */
@SpringBootApplication
public class Application {
  /** Options: {@code --bundle=<folder>} and Spring's own, such as {@code --server.port}. */
  public static void main(String[] arguments) {
    SpringApplication.run(Application.class, arguments);
  }

  /** Returns the classifier, which Spring closes with the application. */
  @Bean
  Classifier classifier(@Value("${bundle}") Path bundle) throws IOException {
    return Classifier.open(bundle);
  }

  /** Controller of uploads. */
  @RestController
  static final class Uploads {
    private final Classifier classifier;

    Uploads(Classifier classifier) {
      this.classifier = classifier;
    }

    @PostMapping("/classify")
    List<String> classify(@RequestParam("file") List<MultipartFile> files) {
      return files.parallelStream().map(this::label).toList();
    }

    private String label(MultipartFile file) {
      try {
        byte[] bytes = file.getBytes();
        return classifier.classify(ImageCodec.decode(bytes, "upload")).toString();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
