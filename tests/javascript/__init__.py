"""Conversations of the JavaScript SDK."""
