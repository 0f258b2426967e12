"""What is kept of conversations: answers, feedback, review; only `store.py` and `database.py` know the database."""
