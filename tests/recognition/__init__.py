"""What was said: clips, words, and who listens for them."""
