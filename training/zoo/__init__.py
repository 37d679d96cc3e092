"""The architectures, one file each; every module has `build()` giving an untrained Keras model."""
