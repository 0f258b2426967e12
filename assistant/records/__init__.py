"""What is kept of conversations: answers, feedback, review; only `store.py` knows the database."""
