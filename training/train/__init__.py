"""From crops to models."""
