"""The program ``vlmock``, and ``python -m vlmock``: it says how its process is to be treated, then obeys a command."""

import gc

__all__ = ["main"]


def main() -> None:
    """Run the command that the process was started with."""
    _collect_seldom()
    from vlmock.cli import main as obey

    obey(prog_name="vlmock")


def _collect_seldom() -> None:
    """What a server keeps are events, and there are no circles in those. Looking for some, as often as Python does by
    itself, takes a fifth of the time of a reply, and a twentieth of that of the start. This process is ours, so we may
    say so."""
    gc.set_threshold(100_000, 20, 20)


if __name__ == "__main__":
    main()
