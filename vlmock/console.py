"""What commands have in common: options, what they print alike, how they treat their process."""

import gc
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

__all__ = ["collect_seldom", "print_exports", "redaction_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def redaction_options(command: _Command) -> _Command:
    """``--redact`` and ``--redact-audio``, for every command that records; as ``redact`` and ``redact_audio``."""
    patterns = click.option(
        "--redact",
        multiple=True,
        metavar="REGEX",
        callback=lambda ctx, param, given: _patterns(given),
        help="Record *** for whatever matches; several times for several. Keys and tokens go anyway.",
    )
    audio = click.option(
        "--redact-audio", is_flag=True, help="Record when and how loud somebody speaks, not the voice."
    )
    return patterns(audio(command))


def _patterns(given: Sequence[str]) -> Sequence[str]:
    from vlmock.protocol.recording.redaction import Redaction

    try:
        Redaction(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return given


def print_exports(environment: Mapping[str, str]) -> None:
    """What clients in other processes need, ready to be copied."""
    if environment:
        click.echo("What the client needs in its environment:")
    for name, value in environment.items():
        click.echo(f"  export {name}={shlex.quote(value)}")


def collect_seldom() -> None:
    """What a server keeps are events, and there are no circles in those. Looking for some, as often as Python does by
    itself, takes a fifth of the time of a reply, and a twentieth of that of the start. This process is ours, so we may
    say so."""
    gc.set_threshold(50_000, 20, 20)
