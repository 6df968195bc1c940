"""Tests against a live endpoint: skipped without ``--live``, and where nobody says which."""
