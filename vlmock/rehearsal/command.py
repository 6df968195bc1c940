"""``vlmock diff``: one recording against the emulator, or two against each other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

__all__ = ["diff"]


@click.command(short_help="Say how the emulator differs from a recorded session.")
@click.argument("recording", type=click.Path(path_type=Path))
@click.argument("other", required=False, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json", "junit"]), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write it there instead.")
@click.option("--all", "everything", is_flag=True, help="Also show what is looser, and what is the same.")
@click.option(
    "--allow",
    "allowances",
    multiple=True,
    metavar="PATH[=REASON]",
    callback=lambda ctx, param, given: _allowances(given),
    help="A difference that is expected, and all below it: session.updated.session.greeting, or response.*.usage; "
    "several times for several.",
)
@click.option("--times", is_flag=True, help="Of two recordings: how long each answer took, side by side.")
@click.option("--model", help="Dial this model, not the recorded one.")
@click.option("--api-version", help="Speak this version, not the recorded one.")
@click.option(
    "--client-audio",
    type=click.Path(path_type=Path),
    help="What the client really sent, WAV or raw, where RECORDING has only the beginning of each piece of it.",
)
@click.pass_context
def diff(ctx: click.Context, /, recording: Path, other: Path | None, **options: Any) -> None:
    """Play the client of RECORDING to the emulator, in virtual time, and compare what comes back with what the service
    said. With OTHER: compare two recordings, both sides of each. A recording that broke off is compared up to there,
    connections that the service refused are left out.

    \b
    Every event is the same, looser (within bounds, or for a known reason), missing (only
    RECORDING has it), different, or extra. Exit codes, the worst first:
      3  something is missing
      1  something is different
      4  something is extra
      0  all is the same or looser
      2  the command line is wrong, or a recording cannot be read
    """
    from vlmock.rehearsal.reporting import run_diff

    ctx.exit(run_diff(recording, other, **options))


def _allowances(given: Sequence[str]) -> list[Any]:
    from vlmock.recording.differences.rules import parse_allowance

    try:
        return [parse_allowance(text) for text in given]
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
