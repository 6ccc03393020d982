package io.github.deepxray.serve;

/** What is to be done for a request by a worker, which runs the model in between. */
interface Work {
  /**
   * Finds the images.
   *
   * @throws ApiException if the request is wrong
   */
  ImageSource images(ModelVersion model);

  /**
   * Makes the answer's body.
   *
   * @param probabilities {@link ModelVersion#scores} for each image, one image after another
   * @param worker who asks, for models that only this worker runs
   * @throws ApiException if there is none
   */
  byte[] answer(ModelVersion model, float[] probabilities, int worker);
}
