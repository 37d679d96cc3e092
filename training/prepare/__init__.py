"""From a data set's pictures to crops."""
