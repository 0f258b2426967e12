"""What a language model says, checked against the passages that it was sent: by its words, not by similarity."""
