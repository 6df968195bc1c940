"""Recordings, played again: the server's side, held back by what the client does."""
