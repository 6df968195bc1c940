"""Sound in and out: microphones, loudspeakers, files, and what lies between them and the wire."""
