"""What came of checks, for people and for machines."""
