"""The command ``vlclient smoke``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from vlclient.errors import VoiceLiveError
from vlclient.reach_options import reach_options

__all__ = ["smoke"]

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


def _budgets(ctx: click.Context, param: click.Parameter, given: Sequence[str]) -> dict[str, float]:
    """``first_audio=3`` and the like, over the defaults."""
    from vlclient.smoke.outcome import BUDGETS

    budgets = dict(BUDGETS)
    for budget in given:
        name, _, value = budget.partition("=")
        name = name.strip().replace("-", "_")
        if name not in budgets:
            raise click.BadParameter(f"there is no budget {name!r}; there are {', '.join(budgets)}")
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds < float("inf"):
            raise click.BadParameter(f"{budget!r} is no number of seconds: write {name}=3")
        budgets[name] = seconds
    return budgets


@click.command(short_help="Try in less than a minute whether an endpoint works.")
@reach_options
@click.option("--voice", help="Default: one of Azure's.")
@click.option(
    "--budget",
    "budgets",
    multiple=True,
    metavar="NAME=SECONDS",
    callback=_budgets,
    help="What may take how long: connect (10 unless told otherwise), update (5), transcript (8), first_text (8), "
    "first_audio (8), tool_answer (15), cancelled (5), close (5), total (60). Several times for several.",
)
@click.option(
    "--patience",
    "patience_s",
    default=15.0,
    show_default=True,
    type=click.FloatRange(0.1, 600),
    metavar="SECONDS",
    help="After which an answer is one that never came; and what the whole may take beyond its budget before it is "
    "stopped.",
)
@click.option("--json", type=_FILE, help="Write down what came of it, for machines.")
@click.option("--junit", type=_FILE, help="The same as a JUnit report.")
@click.option("--log", type=_FILE, help="What is sent and received, readable, without secrets; written anew.")
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    help="All of it with both voices, without keys: a new folder, or a .zip.",
)
@click.pass_context
def smoke(
    ctx: click.Context,
    /,
    budgets: dict[str, float],
    patience_s: float,
    json: Path | None,
    junit: Path | None,
    **chosen: Any,
) -> None:
    """Try whether an endpoint works: one short conversation, in less than a minute.

    A typed turn, a spoken turn, a function call, a cancel and a goodbye, over one connection, with any model. It sends
    some five seconds of sound, and the model answers five or six times. What it says is free; that it holds together is
    judged, and how long it takes.

    Exit code: 0 good, 1 our fault, 2 wrong usage, 3 could not reach, 4 not allowed or no credential, 5 refused by the
    service (model, agent, settings, or an error), 6 connection closed, 9 wrong answer (none came in time, or one that
    does not hold together), 10 too slow, 130 stopped by Ctrl-C. Up to 9 they are those of `vlclient chat`.
    """
    from vlclient.chat.endings import exit_code, sentence
    from vlclient.chat.options import ChatOptions
    from vlclient.checks.report.files import Files, write_all
    from vlclient.smoke import report
    from vlclient.smoke.outcome import Step
    from vlclient.smoke.program import Smoke, run_smoke

    def tell(step: Step) -> None:
        for line in report.step_lines(step, colours=sys.stdout.isatty()):
            click.echo(line)

    try:
        options = ChatOptions(turn_detection="server_vad", noise_suppression=False, echo_cancellation=False, **chosen)
        Files(json, junit).check()
        outcome = run_smoke(
            Smoke(options=options, budgets=budgets, patience_s=patience_s),
            told=tell,
        )
    except VoiceLiveError as error:
        click.echo(f"vlclient: {sentence(error)}", err=True)
        ctx.exit(exit_code(error))
    for line in report.summary_lines(outcome):
        click.echo(line)
    code = outcome.exit_code
    try:
        write_all([(json, lambda: report.as_json(outcome)), (junit, lambda: report.as_junit(outcome))])
    except VoiceLiveError as error:
        click.echo(f"vlclient: {sentence(error)}", err=True)
        code = code or exit_code(error)
    ctx.exit(code)
