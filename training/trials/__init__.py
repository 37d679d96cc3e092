"""What is asked of the eyes: composed scenes, small faces, still and moving ones."""
