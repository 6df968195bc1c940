"""Comparisons for readers: text for a person, JSON and JUnit for a machine."""
