"""What a model is worth, from pictures to a card."""
