"""What the association published: documents read to spans, and its canonical definitions."""
