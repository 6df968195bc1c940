"""What is said: the wire of the Voice Live API as types, without behaviour."""
