"""On a workstation: labelled pictures -> crops -> a Keras model -> int8 files and figures."""
