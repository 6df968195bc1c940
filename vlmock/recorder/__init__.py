"""A proxy that any client dials instead of the service, and that writes down what is said."""
