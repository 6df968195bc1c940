"""A conversation to look at: real words, spoken to the emulator by a small client."""
