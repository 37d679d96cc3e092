"""From a Keras model to a self-describing int8 `.tflite` file."""
