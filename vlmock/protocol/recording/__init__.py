"""A recorded session: a folder, or a zip of it, to be read by people, heard in players and replayed by programs."""
