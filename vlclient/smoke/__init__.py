"""A smoke test of an endpoint: one short conversation, as a user of the client would have it, judged and timed."""
