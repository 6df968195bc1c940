"""The command ``vlclient check``."""

import asyncio
from typing import Any

import click

from vlclient.errors import VoiceLiveError

__all__ = ["check"]


@click.command()
@click.option("--endpoint", metavar="URL", help="https://NAME.services.ai.azure.com, or any form of it.")
@click.option("--api-key", metavar="KEY", help="Better in the environment. Without one: Entra ID.")
@click.option("--model", help="Default: VOICE_LIVE_MODEL, else gpt-4o.")
@click.option("--api-version", metavar="DATE", help="Default: the newest that is no preview.")
@click.option(
    "--pipeline", type=click.Choice(["cascade", "hybrid", "native"]), help="Default: the one that the model runs in."
)
@click.option("--only", multiple=True, metavar="NUMBER", help="A check (3.04) or a section (3); several times.")
@click.option("--without", multiple=True, metavar="NUMBER", help="Not this check or section; several times.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="So many at once.")
@click.option("--dry-run", is_flag=True, help="List the checks and what they would take.")
@click.pass_context
def check(ctx: click.Context, /, dry_run: bool, jobs: int, only: Any, without: Any, **chosen: Any) -> None:
    """Check a server against what Voice Live is known to do.

    Exit code: 0 all passed, 1 one failed, 2 wrong usage, 3 not reached, 4 not allowed.
    """
    from vlclient.chat.endings import exit_code, sentence
    from vlclient.checks.catalogue import Choice
    from vlclient.checks.catalogue import chosen as checks_of
    from vlclient.checks.report import text
    from vlclient.checks.running import run
    from vlclient.checks.server import server_of
    from vlclient.checks.verdicts import Verdict

    try:
        checks = checks_of(Choice(only=only, without=without))
        if dry_run:
            click.echo("\n".join(text.listing(checks)))
            click.echo(text.plan(checks))
            return
        server = server_of(**chosen)
        click.echo(text.plan(checks))
        outcomes = asyncio.run(run(checks, server, jobs=jobs, told=_tell))
    except VoiceLiveError as error:
        click.echo(f"vlclient: {sentence(error)}", err=True)
        ctx.exit(exit_code(error))
    click.echo(text.summary(outcomes))
    ctx.exit(1 if any(outcome.verdict is Verdict.FAILED for outcome in outcomes) else 0)


def _tell(outcome: Any) -> None:
    from vlclient.checks.report.text import outcome_lines

    click.echo("\n".join(outcome_lines(outcome)))
