"""``python -m vlmock``."""

from vlmock.cli import main

if __name__ == "__main__":
    main(prog_name="vlmock")
