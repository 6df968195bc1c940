"""The commands about recordings; ``vlmock.cli`` takes them in.

A command here is a function with ``@click.command()``, listed in ``COMMANDS``.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from vlmock.recorder.command import record
from vlmock.rehearsal.command import diff

__all__ = ["COMMANDS"]


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--client-audio",
    type=click.Path(path_type=Path),
    help="What the client really sent, WAV or raw, where FILE has only the beginning of each piece of it.",
)
def import_(file: Path, out: Path, client_audio: Path | None) -> None:
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


COMMANDS: Sequence[click.Command] = (record, import_, diff)
