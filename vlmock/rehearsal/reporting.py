"""What ``vlmock diff`` does: reads, plays, compares, reports, and says with which code to exit."""

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from vlmock.errors import RecordingError
from vlmock.protocol.recording.lines import EVENTS_FILE
from vlmock.recording.differences.connections import compare_all
from vlmock.recording.differences.finding import Comparison, Grade, worst
from vlmock.recording.differences.latency import times_as_text, turn_times
from vlmock.recording.differences.reports.machine import as_json, as_junit
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.differences.rules import KNOWN, Allowance
from vlmock.recording.model import Recording
from vlmock.recording.opened import only_opened
from vlmock.recording.reading import read
from vlmock.rehearsal.playing import rehearse

__all__ = ["EXIT_CODES", "run_diff"]

EXIT_CODES: Final = {Grade.MISSING: 3, Grade.DIFFERENT: 1, Grade.EXTRA: 4, Grade.LOOSER: 0, Grade.SAME: 0}
_COLOURS: Final = {
    Grade.MISSING: "red",
    Grade.DIFFERENT: "red",
    Grade.EXTRA: "yellow",
    Grade.LOOSER: "cyan",
    Grade.SAME: "green",
}


def run_diff(
    recording: Path,
    other: Path | None,
    *,
    form: str,
    output: Path | None,
    everything: bool,
    allowances: Sequence[Allowance],
    times: bool,
    model: str | None,
    api_version: str | None,
    client_audio: Path | None,
) -> int:
    """Compare, report, and say with which code to exit. Raises RecordingError for what cannot be read or played."""
    theirs = only_opened(read(recording, client_audio=client_audio), _remark)
    if other is None:
        if times:
            raise click.UsageError("--times compares two recordings: the emulator was played to in no time")
        ours = [rehearse(each, model=model, api_version=api_version) for each in theirs]
        names, allowances = ("service", "emulator"), [*allowances, *KNOWN]
    else:
        if model or api_version:
            raise click.UsageError("--model and --api-version are for the emulator; two recordings have their own")
        ours = only_opened(read(other), _remark)
        names = _names(recording, other)
    compared = compare_all(theirs, ours, names=names, allowances=allowances, clients=other is not None)
    files = [_lines_of(path) for path in (recording, other)]
    compared = [msgspec.structs.replace(each, their_file=files[0], our_file=files[1]) for each in compared]
    _report(_told(compared, form, everything, coloured=output is None), output)
    if times:
        _report_times(names, theirs, ours)
    return EXIT_CODES[worst([each.grade for each in compared])]


def _remark(line: str) -> None:
    """On stderr: the report may be for a machine."""
    click.echo(line, err=True)


def _told(compared: Sequence[Comparison], form: str, everything: bool, *, coloured: bool) -> str:
    if form == "json":
        return as_json(compared, everything=everything)
    if form == "junit":
        return as_junit(compared)
    if coloured:  # click takes the colours out where nobody sees them
        return as_text(compared, everything=everything, paint=lambda grade, text: click.style(text, _COLOURS[grade]))
    return as_text(compared, everything=everything)


def _report(told: str, output: Path | None) -> None:
    if output is None:
        click.echo(told)
        return
    try:
        output.write_text(f"{told}\n", encoding="utf-8")
    except OSError as error:
        raise RecordingError(f"{output}: cannot be written ({error.strerror or error}); name another file") from None


def _report_times(names: tuple[str, str], theirs: Sequence[Recording], ours: Sequence[Recording]) -> None:
    """On stderr where the report itself is for a machine."""
    for one, other in zip(theirs, ours, strict=False):
        click.echo(times_as_text(names, turn_times(one, other)), err=True)


def _names(one: Path, other: Path) -> tuple[str, str]:
    """The shortest that tell them apart."""
    names = one.name or str(one), other.name or str(other)
    return names if names[0] != names[1] else (os.fspath(one), os.fspath(other))


def _lines_of(path: Path | None) -> str:
    """The file whose lines events are on; "" for what another program wrote, whose frames are counted."""
    ours = path is not None and (path.is_dir() or path.name == EVENTS_FILE or zipfile.is_zipfile(path))
    return EVENTS_FILE if ours else ""
