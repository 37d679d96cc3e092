"""From a data set's pictures and clips to crops, of faces, of mouths, of lips frame by frame."""
