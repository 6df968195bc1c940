"""How long users waited, and how turns were taken: measured from what went by, without a clock of its own."""
