"""Which test proves what: found by watching the tests, written down in a table, and checked."""
