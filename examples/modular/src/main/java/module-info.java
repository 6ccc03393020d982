/** Classifies on the module path. */
@SuppressWarnings("requires-automatic")
module io.github.deepxray.examples.modular {
  requires com.fasterxml.jackson.databind;
  requires com.google.protobuf;
  requires io.github.deepxray.classify;
  requires io.github.deepxray.core;
}
