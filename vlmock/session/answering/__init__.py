"""Responses: what is asked for, what comes of it, with calls of functions and of servers."""
