"""What happens: one conversation as a state machine, without I/O, clock or chance of its own."""
