"""Numbered checks of a server: what Voice Live is known to do, asked of whoever answers at an address."""
