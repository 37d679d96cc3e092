"""On a workstation: pictures and clips -> crops -> a Keras model -> int8 files and figures."""
