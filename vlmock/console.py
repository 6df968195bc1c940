"""What commands that run until Ctrl-C have in common."""

import os
import shlex
import signal
import threading
from collections.abc import Mapping

import click

__all__ = ["print_exports", "stopped_by_signals"]

_AT_ONCE: int = 130
"""The exit code of a program that Ctrl-C ended. Documented: 128 and the number of the signal."""


def print_exports(environment: Mapping[str, str]) -> None:
    """What clients in other processes need, ready to be copied."""
    if environment:
        click.echo("What the client needs in its environment:")
    for name, value in environment.items():
        click.echo(f"  export {name}={shlex.quote(value)}")


def stopped_by_signals() -> threading.Event:
    """Set by Ctrl-C and by SIGTERM, from now on. The second time the process ends at once, whatever it is about."""
    stopped = threading.Event()

    def stop(*_: object) -> None:
        if stopped.is_set():
            os._exit(_AT_ONCE)
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return stopped
