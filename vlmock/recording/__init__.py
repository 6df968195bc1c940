"""Recorded sessions: read, replayed, compared, made into scenarios."""
