"""A proxy that writes down what a client and the real service say to each other, and changes nothing of it."""
