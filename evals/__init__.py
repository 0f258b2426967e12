"""How good the answers are: question sets, and what is fitted and measured on them."""
