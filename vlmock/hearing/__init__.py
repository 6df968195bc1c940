"""Other ways of finding speech in sound than the session's own: chosen by the user, some with an extra to install."""
