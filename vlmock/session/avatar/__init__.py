"""The picture that speaks: who it may be, how it is connected, what it shows and says."""
