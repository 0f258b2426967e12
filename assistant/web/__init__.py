"""The web application: the chat, the documents that it quotes, and its own health."""
