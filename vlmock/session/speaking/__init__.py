"""How a reply is cut into the runs of deltas that carry it, with the marks and faces that go with its speech."""
