"""The user's turns: from speech that was heard to an item with its transcript."""
