"""``python -m vlclient``."""

from vlclient.cli import main

if __name__ == "__main__":
    main(prog_name="vlclient")
