package io.github.deepxray.serve;

import java.util.List;

/**
 * Inference task of a request; a worker reads the images, runs the model and creates the answer.
 */
interface InferenceTask {
  /**
   * Returns the images of the request.
   *
   * @throws ApiException if the request is invalid
   */
  ImageSource images(ModelVersion model);

  /**
   * Returns the body of the answer.
   *
   * @param outputs for each image its outputs, see {@link ModelVersion#run}
   * @param worker number of the worker, for models of this worker
   * @throws ApiException if no answer is possible
   */
  byte[] answer(ModelVersion model, List<float[][]> outputs, int worker);
}
