"""The commands about recordings that need nothing but files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

__all__ = ["import_", "metrics", "scenario_from"]


@click.command(name="import", short_help="Write what another program recorded as a recording.")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path())
@click.option(
    "--client-audio",
    type=click.Path(path_type=Path),
    help="What the client really sent, WAV or raw, where FILE has only the beginning of each piece of it.",
)
def import_(file: Path, out: str, client_audio: Path | None) -> None:
    """Write a session that another program recorded in FILE into the folder OUT, or OUT.zip: a HAR with WebSocket
    messages, YAML of pydantic-ai's tests, or JSON Lines of events."""
    from vlmock.recording.reading import read
    from vlmock.recording.writing import write

    recordings = read(file, client_audio=client_audio)
    written = write(recordings, out)
    messages = sum(len(recording.frames) for recording in recordings)
    connections = f", {len(recordings)} connections" if len(recordings) > 1 else ""
    click.echo(f"{written}: {messages} messages{connections}")
    if any(recording.head.audio_cut for recording in recordings):
        click.echo("Some of its audio was cut short by whoever recorded it; what is left stands in the events.")


@click.command(name="scenario-from", short_help="Write a scenario that plays a recorded conversation.")
@click.argument("recording", type=click.Path(path_type=Path))
@click.argument("out", required=False, type=click.Path(path_type=Path))
@click.option("--name", help="What the scenario is called; else the name of OUT, or of RECORDING.")
@click.option("--clips", is_flag=True, help="Write the user's own voice too: only speech that sounds like it is it.")
@click.option(
    "--client-audio",
    type=click.Path(path_type=Path),
    help="What the client really sent, where RECORDING has only the beginning of each piece of it.",
)
def scenario_from(recording: Path, out: Path | None, name: str | None, clips: bool, client_audio: Path | None) -> None:
    """Write a scenario that plays the same conversation as RECORDING, and its sound in WAV files beside it.

    OUT is a YAML file or a folder for it; NAME.yaml here unless given. Several connections are several scenarios; those
    that the service refused are left out.
    """
    from vlmock.recording.opened import only_opened
    from vlmock.recording.reading import read
    from vlmock.recording.to_scenario import scenario_of, write_scenario

    recordings = only_opened(read(recording, client_audio=client_audio), lambda line: click.echo(line, err=True))
    named, folder = _named(recording, out, name)
    for number, each in enumerate(recordings, 1):
        own = named if len(recordings) == 1 else f"{named}-{number}"
        written = scenario_of(each, name=own, clips=clips)
        path = write_scenario(written, folder / f"{own}.yaml")
        sounds = f", with {len(written.sounds)} WAV file{'s' if len(written.sounds) != 1 else ''}"
        click.echo(f"{path}{sounds if written.sounds else ''}")
        if written.silent:
            click.echo("  nobody was answered in the recording, so this scenario answers nobody", err=True)
        if written.losses:
            click.echo(
                f"  {len(written.losses)} thing{'s' if len(written.losses) != 1 else ''} that a scenario cannot "
                "say: see the comments at its top"
            )


def _named(recording: Path, out: Path | None, name: str | None) -> tuple[str, Path]:
    """The scenario's name, and the folder that it goes to."""
    import re

    is_file = out is not None and out.suffix.lower() in (".yaml", ".yml")
    source = out if is_file and out is not None else recording
    plain = source.resolve()
    stem = plain.name if plain.is_dir() else plain.stem
    named = re.sub(r"[^\w.-]+", "-", name or stem).strip("-.") or "recorded"
    if out is None:
        return named, Path()
    return named, out.parent if is_file else out


@click.command(short_help="Print how long users waited in recorded sessions.")
@click.argument("recordings", nargs=-1, required=True, metavar="REC...", type=click.Path(path_type=Path))
@click.option(
    "--budget",
    "budgets",
    multiple=True,
    metavar="NAME.FIGURE=SECONDS",
    callback=lambda ctx, param, given: _budgets(given),
    help="Exit with 1 where that is exceeded or unknown: first_audio.p95=1.7. Several times for several.",
)
def metrics(recordings: Sequence[Path], budgets: Mapping[str, Mapping[str, float]]) -> None:
    """Print how long users waited in recorded sessions, and how turns were taken."""
    from vlmock.metrics.recorded import measured
    from vlmock.recording.reading import read

    found = measured(recording for path in recordings for recording in read(path))
    click.echo(str(found))
    problems = found.beyond(**budgets)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        click.get_current_context().exit(1)


def _budgets(given: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
    from vlmock.metrics.metrics import Metrics

    budgets: dict[str, dict[str, float]] = {}
    for budget in given:
        what, _, limit = budget.partition("=")
        name, _, figure = what.partition(".")
        try:
            Metrics(lambda: ([], [])).distribution(name).figure(figure)
            seconds = float(limit)
            if seconds != seconds:
                raise ValueError("nothing exceeds nan")
            budgets.setdefault(name, {})[figure] = seconds
        except ValueError as error:
            raise click.BadParameter(f"{budget!r} is no budget such as first_audio.p95=1.7: {error}") from None
    return budgets
