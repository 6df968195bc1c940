"""The program ``vlmock``, and ``python -m vlmock``: it says how its process is to be treated, then obeys a command."""

import errno
import gc
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command that the process was started with."""
    _collect_seldom()
    try:
        _obey()
    except KeyboardInterrupt:
        sys.exit("Aborted!")  # as click says it, once it is there
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left goes nowhere, and Python has nothing to complain of
        full = error.errno == errno.ENOSPC
        sys.exit("vlmock: what it had to say cannot be written: the disk is full" if full else 1)


def _obey() -> None:
    from vlmock.cli import main as obey

    try:
        obey(prog_name="vlmock")
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()  # a reader who has gone (``| head -1``) is noticed while there is somebody to mind


def _collect_seldom() -> None:
    """What a server keeps are events, and there are no circles in those. Looking for some, as often as Python does by
    itself, takes a fifth of the time of a reply, and a twentieth of that of the start. This process is ours, so we may
    say so."""
    gc.set_threshold(100_000, 20, 20)


if __name__ == "__main__":
    main()
