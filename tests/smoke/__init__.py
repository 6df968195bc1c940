"""``vlclient smoke``: that it passes where all is well, and says what is wrong where it is not."""
