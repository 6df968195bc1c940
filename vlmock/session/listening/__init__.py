"""What the session hears: the input buffer, its levels, and where turns begin and end."""
