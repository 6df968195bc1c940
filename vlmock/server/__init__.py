"""How it travels: sockets, handshake, journal."""
