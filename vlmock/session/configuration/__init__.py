"""What a session is set to: its settings, the defaults of the service, and what it is lenient about."""
