"""What is known of a connection so far, by subject: each learns from every event, after the rules have looked at it."""
