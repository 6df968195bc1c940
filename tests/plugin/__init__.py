"""The pytest plugin, seen from the project of somebody who uses it."""
