"""The vendor SDK plays whole conversations over a real socket: it judges every event that arrives."""
