"""The commands about recordings; ``vlmock.cli`` takes them in.

A command here is a function with ``@click.command()``, listed in ``COMMANDS``.
"""

from collections.abc import Sequence

import click

__all__ = ["COMMANDS"]

COMMANDS: Sequence[click.Command] = ()
