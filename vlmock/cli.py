"""The command line: ``vlmock demo``, ``serve``, ``scenarios``, ``validate``, ``schema``, ``emulated``.

Each command imports what it needs when it runs. Mistakes of the user end with one sentence and exit code 2.
"""

import gc
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

import vlmock
from vlmock.conduct_cli import Linting, lint_options
from vlmock.console import lost_in_words, print_exports, recorded_to, redaction_options
from vlmock.errors import VlmockError
from vlmock.replay_cli import Replaying, print_difference, replay_options
from vlmock.session.timing import PIPELINES_OWN, PROFILE_NAMES

if TYPE_CHECKING:
    from vlmock.scenario.playable import Playable
    from vlmock.server.mock_server import MockServer

__all__ = ["main"]

_TIMING = click.Choice(PROFILE_NAMES)


_ELSEWHERE: Final[Mapping[str, str]] = {
    "diff": "vlmock.rehearsal.command:diff",
    "import": "vlmock.recordings_cli:import_",
    "lint": "vlmock.conduct_cli:lint",
    "metrics": "vlmock.recordings_cli:metrics",
    "museum": "vlmock.museum.command:museum",
    "record": "vlmock.recorder.command:record",
    "scenario-from": "vlmock.recordings_cli:scenario_from",
}
"""Commands with a home of their own, which is imported when one of them runs."""


class _Commands(click.Group):
    """Turns what vlmock reports into one sentence on stderr, without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, _, name = _ELSEWHERE[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except VlmockError as mistake:
            click.echo(f"vlmock: {mistake}", err=True)
            ctx.exit(2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(vlmock.__version__, prog_name="vlmock")
def main() -> None:
    """An offline emulator of Azure's Voice Live API."""


@main.command(short_help="Speak real words to the emulator and print both sides.")
@click.argument("scenario", required=False, default="weather")
@click.option("--timing", type=_TIMING, default="cascade", show_default=True, help="instant skips all waiting.")
@click.option("--journal", type=click.Path(), help="Where to save the journal: a new folder, or a .zip file.")
def demo(scenario: str, timing: str, journal: str | None) -> None:
    """Start the emulator, speak real words to it, and print both sides of the conversation."""
    from vlmock.demo.conversation import run_demo

    run_demo(scenario, timing=timing, journal=journal)


@main.command()
@click.argument("scenarios", nargs=-1)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free port.")
@click.option(
    "--timing",
    type=_TIMING,
    default=PIPELINES_OWN,
    show_default=True,
    help="How long things take; pipeline: like the service that the model runs on.",
)
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same conversation.")
@click.option("--api-key", help="Demand this key; any credential is good otherwise.")
@click.option("--speech", default="builtin", show_default=True, help="builtin, flite or espeak-ng.")
@click.option("--detector", default="level", show_default=True, help="level; or silero, for noisy rooms.")
@click.option(
    "--recognition", default="scripted", show_default=True, help="scripted, or pocketsphinx, which hears what is said."
)
@click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="NAME=ANSWER",
    callback=lambda ctx, param, given: _readings(given),
    help="Where sources disagree about the service, follow this one; several times for several. `vlmock emulated` "
    "lists them.",
)
@click.option("--connections-per-minute", type=click.IntRange(1), help="Beyond it HTTP 429; the service has 30.")
@click.option("--tokens-per-minute", type=click.IntRange(1), help="Beyond it responses fail; the service has 120000.")
@click.option(
    "--lenient", is_flag=True, help="Obey what the service would refuse, as far as possible, and remark on it."
)
@click.option("--entra", is_flag=True, help="Hand out tokens of Entra ID, and demand them; prints what to export.")
@click.option("--tls", is_flag=True, help="Serve https and wss; prints what to export.")
@click.option("--compression", is_flag=True, help="Agree to permessage-deflate.")
@replay_options
@click.option("--record", type=click.Path(), help="Write every connection down there: a new folder, or a .zip file.")
@redaction_options
@lint_options
@click.option("--verbose", "-v", is_flag=True, help="One line for each event.")
def serve(
    scenarios: Sequence[str],
    host: str,
    port: int,
    entra: bool,
    verbose: bool,
    replaying: Replaying,
    linting: Linting,
    **options: Any,
) -> None:
    """Serve until Ctrl-C. SCENARIO: names of shipped ones, or paths of YAML files; the first is played to whoever asks
    for none. Each is at http://HOST:PORT/NAME too, and so are all that ship. Without any, everybody is answered
    sensibly. With --replay it is a recording that answers whoever asks for none."""
    from urllib.parse import quote

    from vlmock.server.mock_server import serve as start
    from vlmock.stop_signals import StopSignals

    record: str | None = options["record"]
    if record is None and (options["redact"] or options["redact_audio"]):
        raise click.UsageError("--redact and --redact-audio are about recordings: give --record as well")
    offers = _by_name(scenarios)
    first = next(iter(offers.values()), None)
    stopped = StopSignals()
    log = linting.listening(_print_entry if verbose else print_difference if replaying.wanted else None)
    with start(first, offers=offers, host=host, port=port, log=log, **options, **linting.options) as server:
        replayed = replaying.begin(server)
        click.echo(f"vlmock listens on {server.url}{replayed}")
        for name in offers:
            click.echo(f"  {server.url}/{quote(name)}")
        if record is not None and server.journal.recordings is not None:
            click.echo(f"  what is said is written to {recorded_to(record, server.journal.recordings.path)}")
        if entra:
            server.entra()
        print_exports(server.environment)
        click.echo("Press Ctrl-C to stop.")
        gc.freeze()  # what is there now stays
        while server.running and not stopped.wait(0.5):
            linting.tell(server)
            replaying.tell(server)
    code, summary = replaying.end(server)
    code = max(code, linting.end(server))
    click.echo(f"stopped{summary}{_recorded(server)}")
    recordings = server.journal.recordings
    sys.exit(1 if recordings is not None and recordings.lost else code)


def _by_name(scenarios: Sequence[str]) -> "dict[str, Playable]":
    """Each under the name that clients ask for. Raises ScenarioError when one is wrong, or two have the same name."""
    from vlmock.errors import ScenarioError
    from vlmock.scenario.shipped import DEFAULT, load

    offers: dict[str, Playable] = {}
    given: dict[str, str] = {}
    for scenario in scenarios:
        playable = scenario if scenario == DEFAULT else load(scenario)
        name = getattr(playable, "name", DEFAULT)
        if offers.setdefault(name, playable) != playable:
            raise ScenarioError(f"{given[name]} and {scenario} are both called {name!r}: rename one of the files")
        given.setdefault(name, scenario)
    return offers


def _recorded(server: "MockServer") -> str:
    """In words where it is, and what of it is not there."""
    recordings = server.journal.recordings
    if recordings is None:
        return ""
    path = recordings.stop()
    if not path.exists():
        return "; nobody was recorded, and nothing is left behind"
    said = f"; what was said is in {path}"
    return f"{said}\n{lost_in_words(recordings.lost_frames, recordings.lost)}" if recordings.lost else said


def _readings(given: Sequence[str]) -> dict[str, object]:
    """``update=replace`` and the like; ``true`` and ``false`` are flags."""
    from vlmock.session.readings import parse_readings

    chosen: dict[str, object] = {}
    for reading in given:
        name, equals, answer = reading.partition("=")
        if not equals:
            raise click.BadParameter(f"{reading!r} has no answer: write NAME=ANSWER")
        chosen[name] = {"true": True, "false": False}.get(answer, answer)
    try:
        parse_readings(chosen)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return chosen


def _counted(things: Sequence[object], name: str) -> str:
    return f"{len(things)} {name}" if len(things) == 1 else f"{len(things)} {name}s"


def _print_entry(entry: Any) -> None:
    if entry.type == "(differs)":
        print_difference(entry)
    else:
        click.echo(entry.line())


@main.command(name="scenarios")
def list_scenarios() -> None:
    """List the scenarios that ship with vlmock, one line each."""
    from vlmock.scenario.shipped import listing

    rows = list(listing())
    width = max((len(name) for name, _ in rows), default=0)
    for name, description in rows:
        click.echo(f"{name:<{width}}  {description}")


@main.command(short_help="Check scenario files.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def validate(files: Sequence[Path]) -> None:
    """Check scenario FILE…; exit code 1 when one of them is wrong."""
    from vlmock.errors import ScenarioError
    from vlmock.scenario.shipped import load

    wrong = 0
    for file in files:
        try:
            scenario = load(file)
        except ScenarioError as mistake:
            wrong += 1
            click.echo(str(mistake), err=True)
        else:
            click.echo(f"{file}: fine ({_counted(scenario.turns, 'turn')}, {_counted(scenario.rules, 'rule')})")
    sys.exit(1 if wrong else 0)


@main.command()
@click.option("--recording", is_flag=True, help="Of the lines of a recording instead.")
def schema(recording: bool) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from vlmock.protocol.recording.lines import lines_schema
    from vlmock.scenario.json_schema import scenario_schema

    click.echo(json.dumps(lines_schema() if recording else scenario_schema(), indent=2))


@main.command(short_help="Print what is emulated, and how well each is known.")
@click.option(
    "--findings",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="What `vlclient check --save` has written: what it proves is no longer assumed. Several times for several.",
)
@click.option(
    "--stale-after",
    "stale_after_days",
    default="90d",
    show_default=True,
    metavar="DAYS",
    callback=lambda ctx, param, given: _days(given),
    help="Findings that are older are shown as stale.",
)
@click.option("--also-local", is_flag=True, help="Findings about a server on this machine count, too.")
def emulated(findings: Sequence[Path], stale_after_days: int, also_local: bool) -> None:
    """Print what is emulated, what is not, and how well each thing is known."""
    from datetime import UTC, datetime

    from vlmock.emulated import Subject, details, markdown
    from vlmock.emulated.findings import read_findings, with_findings

    several = [read_findings(file, also_local=also_local) for file in findings]
    today = datetime.now(UTC).date()

    def known(subject: Subject) -> Subject:
        return with_findings(subject, several, today=today, stale_after_days=stale_after_days)

    lines = [finding.line(today, stale_after_days) for finding in several]
    click.echo("\n\n".join([*lines, markdown(known), details(known)]))


def _days(given: str) -> int:
    """``90d``, ``90``."""
    if not (given.removesuffix("d").isascii() and given.removesuffix("d").isdigit()):
        raise click.BadParameter(f"{given!r} is no number of days: write 90d")
    return int(given.removesuffix("d"))
