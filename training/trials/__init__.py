"""What is asked of the whole way of a frame: composed scenes, small faces, films, speech."""
