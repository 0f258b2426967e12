"""The corpus made findable: vectors and words of its passages, in generations that never change."""
