"""What has been said: the history of items, how many tokens that is, and how far it has been heard."""
