"""What commands have in common: options, and what they print alike."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = ["lost_in_words", "print_exports", "recorded_to", "redaction_options"]

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
    from vlmock.protocol.recording.redaction import overreaching

    try:
        for warning in overreaching(given):
            click.echo(f"vlmock: warning: {warning}", err=True)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return given


def recorded_to(path: str, folder: Path) -> str:
    """For a greeting: the path that was asked for, and of a zip file the folder that is all there is, should we die."""
    return path if Path(path) == folder else f"{path}, at the end; until then to the folder {folder}"


def lost_in_words(frames: int, reasons: Sequence[str]) -> str:
    """For the end of a command whose recordings are not whole, and why they are not."""
    missing = "1 frame is missing" if frames == 1 else f"{frames} frames are missing"
    return f"{missing} in what was recorded: {reasons[0]}, and record again"


def print_exports(environment: Mapping[str, str]) -> None:
    """What clients in other processes need, ready to be copied."""
    from shlex import quote

    if environment:
        click.echo("What the client needs in its environment:")
    for name, value in environment.items():
        click.echo(f"  export {name}={quote(value)}")
