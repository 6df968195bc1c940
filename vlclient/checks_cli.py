"""The command ``vlclient check``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from vlclient.checks.check import PIPELINES
from vlclient.errors import VoiceLiveError
from vlclient.reach_options import reach_options

__all__ = ["check"]

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


def _once(ctx: click.Context, param: click.Parameter, given: Sequence[Path]) -> Path | None:
    """The file of an option that has two names."""
    if len(set(given)) > 1:
        raise click.BadParameter("--json and --save are one option, which takes one file")
    return given[0] if given else None


@click.command()
@reach_options
@click.option("--voice", help="Default: one that belongs to the pipeline.")
@click.option(
    "--pipeline",
    type=click.Choice(PIPELINES),
    help="Default: the one that model and voice run in; hybrid is a realtime model with an Azure voice.",
)
@click.option("--only", multiple=True, metavar="NUMBER", help="A check (3.04) or a section (3); several times.")
@click.option("--without", multiple=True, metavar="NUMBER", help="Not this check or section; several times.")
@click.option("--slow", is_flag=True, help="Also those that wait for long; on this machine they are always tried.")
@click.option("--expensive", is_flag=True, help="Also those that cost much; on this machine they are always tried.")
@click.option(
    "--most-responses", type=click.IntRange(0), metavar="N", help="Only those that cost no more than so many."
)
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="So many at once.")
@click.option(
    "--patience",
    "patience_s",
    default=15.0,
    show_default=True,
    type=click.FloatRange(0.1, 600),
    metavar="SECONDS",
    help="How long nothing may come while an answer is waited for.",
)
@click.option("--dry-run", is_flag=True, help="List the checks and what they would take, and ask nobody.")
@click.option("--compare", type=click.Choice(["mock"]), help="Try the same on the emulator, and say who is wrong.")
@click.option(
    "--json",
    "--save",
    "json",
    multiple=True,
    callback=_once,
    type=_FILE,
    help="Write down what came of it: for machines, and for later.",
)
@click.option("--junit", type=_FILE, help="The same as a JUnit report.")
@click.option(
    "--pages",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="A page for each check, with all its frames.",
)
@click.pass_context
def check(
    ctx: click.Context,
    /,
    only: tuple[str, ...],
    without: tuple[str, ...],
    slow: bool,
    expensive: bool,
    most_responses: int | None,
    jobs: int,
    dry_run: bool,
    compare: str | None,
    json: Path | None,
    junit: Path | None,
    pages: Path | None,
    **who: Any,
) -> None:
    """Check a server against what Voice Live is known to do.

    Against a live service what is slow or costs much is left out, and no more than 27 connections are opened in a
    minute. No report holds a secret. `vlmock emulated --findings FILE` shows what --save has written beside what is
    emulated.

    Exit code: 0 none failed, 1 one failed, 2 wrong usage, 3 not reached, 4 not allowed, 5 refused, 9 no answer, 130
    stopped by Ctrl-C.
    """
    from vlclient.chat.endings import exit_code, sentence
    from vlclient.checks.catalogue import Choice
    from vlclient.checks.program import list_checks, run_checks
    from vlclient.checks.report.files import Files

    choice = Choice(only=only, without=without, slow=slow, expensive=expensive, most_responses=most_responses)
    try:
        if dry_run:
            code = list_checks(who, choice, click.echo)
            if unwritten := [str(file) for file in (json, junit, pages) if file is not None]:
                click.echo(f"nothing is tried, so nothing is written to {', '.join(unwritten)}")
            ctx.exit(code)
        code = run_checks(
            who,
            choice,
            jobs=jobs,
            compared=compare is not None,
            files=Files(json, junit, pages),
            colours=sys.stdout.isatty(),
            say=click.echo,
        )
    except VoiceLiveError as error:
        click.echo(f"vlclient: {sentence(error)}", err=True)
        code = exit_code(error)
    ctx.exit(code)
