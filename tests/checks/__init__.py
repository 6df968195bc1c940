"""Checks of a server: that they pass on the emulator, can fail, and are told."""
