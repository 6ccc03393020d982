/** EfficientNet backbones; weights and models in HDF5 and Keras files. */
@SuppressWarnings({"module", "requires-automatic"})
// Open: Jackson reads and writes records by reflection.
open module io.github.deepxray.keras {
  requires com.fasterxml.jackson.databind;
  requires io.jhdf;
  requires transitive io.github.deepxray.core;

  exports io.github.deepxray.keras.internal to
      io.github.deepxray.export;

  provides io.github.deepxray.core.backbone.BackboneProvider with
      io.github.deepxray.keras.internal.EfficientNets;
}
