package io.github.deepxray.serve.page;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.Json;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;

/**
 * A browser without a screen: Chromium, as Debian's packages {@code chromium} and {@code
 * chromium-driver} install it.
 *
 * <p>Where there is none the tests are skipped, unless {@code deepxray.requireBrowser} is {@code
 * true}, as in CI: then they fail.
 */
final class Browser implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  static Browser start() {
    Optional<File> chromium = program("chromium", "chromium-browser", "google-chrome");
    Optional<File> chromedriver = program("chromedriver");
    boolean there = chromium.isPresent() && chromedriver.isPresent();
    String need = "no chromium and chromedriver on the PATH; install chromium and chromium-driver";
    if (!there && Boolean.getBoolean("deepxray.requireBrowser")) {
      fail("A browser is required here, but there is " + need);
    }
    assumeTrue(there, need);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.orElseThrow());
    options.addArguments(
        "--headless=new",
        // Containers run as root and have little shared memory.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--force-color-profile=srgb",
        "--disable-background-networking",
        "--no-first-run");
    options.setCapability(
        "goog:loggingPrefs", Map.of(LogType.PERFORMANCE, "ALL", LogType.BROWSER, "ALL"));
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(chromedriver.orElseThrow())
            .usingAnyFreePort()
            .build();
    return new Browser(new ChromeDriver(service, options));
  }

  private static Optional<File> program(String... names) {
    String path = System.getenv().getOrDefault("PATH", "");
    return Arrays.stream(names)
        .flatMap(
            name -> Stream.of(path.split(File.pathSeparator)).map(folder -> new File(folder, name)))
        .filter(file -> file.isFile() && file.canExecute())
        .findFirst();
  }

  ChromeDriver driver() {
    return driver;
  }

  /** Opens a page on a desktop, in light colours, with nothing stored. */
  void open(URI uri) {
    open(uri, 1280, 900, "light");
  }

  /** Opens a page on a screen of this size, in light or dark colours. */
  void open(URI uri, int width, int height, String colors) {
    // Scripts of the page before must not go on.
    driver.get("about:blank");
    size(width, height);
    media(Map.of("prefers-color-scheme", colors, "prefers-reduced-motion", "reduce"));
    driver.manage().logs().get(LogType.PERFORMANCE);
    driver.manage().logs().get(LogType.BROWSER);
    driver.get(uri + "/");
  }

  void size(int width, int height) {
    // Else what was a phone stays one.
    driver.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
  }

  /** Sets what style sheets ask for, such as {@code prefers-color-scheme}. */
  void media(Map<String, String> features) {
    List<Map<String, String>> list = new ArrayList<>();
    features.forEach((name, value) -> list.add(Map.of("name", name, "value", value)));
    driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", list));
  }

  WebElement find(String selector) {
    return driver.findElement(By.cssSelector(selector));
  }

  List<WebElement> all(String selector) {
    return driver.findElements(By.cssSelector(selector));
  }

  /** The text that is seen. */
  String text(String selector) {
    // The narrow space before a percent sign is a matter of taste.
    return find(selector).getText().replace('\u202f', ' ');
  }

  List<String> texts(String selector) {
    return all(selector).stream().map(e -> e.getText().replace('\u202f', ' ')).toList();
  }

  boolean seen(String selector) {
    return all(selector).stream().anyMatch(WebElement::isDisplayed);
  }

  /** Runs JavaScript in the page. */
  Object js(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  double number(String script, Object... arguments) {
    return ((Number) js(script, arguments)).doubleValue();
  }

  /** Presses keys where the focus is. */
  void press(CharSequence... keys) {
    new Actions(driver).sendKeys(keys).perform();
  }

  /** Presses a key with the shift key held. */
  void pressShift(Keys key) {
    new Actions(driver).keyDown(Keys.SHIFT).sendKeys(key).keyUp(Keys.SHIFT).perform();
  }

  /** Chooses files with the page's button. */
  void choose(Path... files) {
    find("#files")
        .sendKeys(
            Arrays.stream(files)
                .map(file -> file.toAbsolutePath().toString())
                .collect(Collectors.joining("\n")));
  }

  /** Drops files on the middle of the page. */
  void drop(Path... files) {
    Map<String, Object> data = new HashMap<>();
    data.put("items", List.of());
    data.put("files", Arrays.stream(files).map(file -> file.toAbsolutePath().toString()).toList());
    data.put("dragOperationsMask", 1);
    for (String type : List.of("dragEnter", "dragOver", "drop")) {
      driver.executeCdpCommand(
          "Input.dispatchDragEvent", Map.of("type", type, "x", 300, "y", 300, "data", data));
    }
  }

  /** Where files that the page saves go. */
  void saveTo(Path folder) {
    driver.executeCdpCommand(
        "Browser.setDownloadBehavior",
        Map.of("behavior", "allow", "downloadPath", folder.toAbsolutePath().toString()));
  }

  /** Waits until something is so. */
  void await(String what, BooleanSupplier so) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < end) {
      if (now(so)) {
        return;
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    screenshot("not-" + what.replaceAll("\\W+", "-"));
    fail("Waited in vain until " + what);
  }

  private static boolean now(BooleanSupplier so) {
    try {
      return so.getAsBoolean();
    } catch (StaleElementReferenceException e) {
      // The page is just changing it.
      return false;
    }
  }

  /** The addresses of all that the page has asked for since it was opened. */
  List<String> requests() {
    List<String> addresses = new ArrayList<>();
    for (LogEntry entry : driver.manage().logs().get(LogType.PERFORMANCE)) {
      JsonNode message = Json.parse(entry.getMessage(), "log").path("message");
      if (message.path("method").asText().equals("Network.requestWillBeSent")) {
        addresses.add(message.path("params").path("request").path("url").asText());
      }
    }
    return addresses;
  }

  /** What the browser complains about: scripts that fail, what the policy forbids. */
  List<String> complaints() {
    List<String> lines = new ArrayList<>();
    for (LogEntry entry : driver.manage().logs().get(LogType.BROWSER)) {
      lines.add(entry.getLevel() + " " + entry.getMessage());
    }
    return lines;
  }

  /** What an element looks like. */
  RgbImage picture(String selector) {
    return ImageCodec.decode(find(selector).getScreenshotAs(OutputType.BYTES), selector);
  }

  /** Keeps what is seen, for people. */
  void screenshot(String name) {
    save(name, driver.getScreenshotAs(OutputType.BYTES));
  }

  /** Keeps the whole page, for people. */
  void screenshotOfAll(String name) {
    Map<String, Object> clip =
        Map.of(
            "x", 0,
            "y", 0,
            "width", number("return document.documentElement.clientWidth"),
            "height", number("return document.documentElement.scrollHeight"),
            "scale", 1);
    js("scrollTo(0, 0)");
    Map<String, Object> answer =
        driver.executeCdpCommand(
            "Page.captureScreenshot",
            Map.of("format", "png", "captureBeyondViewport", true, "clip", clip));
    save(name, Base64.getDecoder().decode((String) answer.get("data")));
  }

  private static void save(String name, byte[] png) {
    try {
      Files.createDirectories(SCREENSHOTS);
      Files.write(SCREENSHOTS.resolve(name + ".png"), png);
    } catch (IOException e) {
      fail(e);
    }
  }

  @Override
  public void close() {
    driver.quit();
  }
}
