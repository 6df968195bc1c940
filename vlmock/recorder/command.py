"""``vlmock record``: a recorder in a terminal."""

import gc
import os
import queue
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from vlmock.console import lost_in_words, print_exports, recorded_to, redaction_options
from vlmock.errors import ServerError
from vlmock.stop_signals import StopSignals

if TYPE_CHECKING:
    from vlmock.recorder.recorder import Recorder

__all__ = ["record"]

_KEY_VARIABLE: Final = "AZURE_VOICE_LIVE_API_KEY"
_MOST_LINES: Final = 10_000
_LOOK_SECONDS: Final = 0.2


@click.command()
@click.argument("folder", type=click.Path())
@click.option(
    "--upstream",
    required=True,
    envvar="AZURE_VOICE_LIVE_ENDPOINT",
    show_envvar=True,
    help="The service's endpoint, such as https://NAME.services.ai.azure.com.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8766, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free port.")
@click.option(
    "--sign-in",
    type=click.Choice(["key", "entra"]),
    help=f"What the service is shown in place of the client's credentials: the key in {_KEY_VARIABLE}, or a token.",
)
@redaction_options
@click.option("--tls", is_flag=True, help="Serve https and wss; prints what to export.")
@click.option(
    "--cacert",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of CAs, in PEM, to trust besides the system's.",
)
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Seconds for the service to answer a handshake.",
)
@click.option("--verbose", "-v", is_flag=True, help="One line for each event.")
def record(folder: str, sign_in: str | None, redact: Sequence[str], verbose: bool, **options: Any) -> None:
    """Record sessions with the real service until Ctrl-C.

    Clients dial the recorder in place of the service. All that is said passes unchanged, and is written to FOLDER, or
    to a zip file where it ends in .zip. Keys and tokens are never written.
    """
    from vlmock.recorder.recorder import record as start

    lines = _Lines()
    stopped = StopSignals()
    with start(
        folder=folder,
        redact=redact,
        api_key=_key() if sign_in == "key" else None,
        entra=sign_in == "entra",
        log=lines.put,
        log_events=verbose,
        **options,
    ) as recorder:
        click.echo(f"vlmock records at {recorder.url}")
        click.echo(f"  what is said with {recorder.upstream}")
        click.echo(f"  to {recorded_to(folder, recorder.folder)}")
        print_exports(recorder.environment)
        click.echo("Press Ctrl-C to stop.")
        gc.freeze()  # what is there now stays
        while recorder.running and not stopped.wait(0):
            lines.print_some()
        stopped.next_one_kills()
    lines.print_all()
    click.echo(_summary(recorder))
    sys.exit(1 if recorder.lost else 0)


def _key() -> str:
    key = os.environ.get(_KEY_VARIABLE, "")
    if not key.strip():
        raise ServerError(f"there is no key to sign in with: set {_KEY_VARIABLE}, or use --sign-in entra")
    return key


def _summary(recorder: "Recorder") -> str:
    recorded = recorder.connections
    frames = sum(connection.frames for connection in recorded)
    if not recorded:
        return "stopped; nobody was recorded, and nothing is left behind"
    what = "1 connection" if len(recorded) == 1 else f"{len(recorded)} connections"
    said = f"stopped; {what} with {frames} frames in {recorder.folder}"
    return f"{said}\n{lost_in_words(recorder.lost_frames, recorder.lost)}" if recorder.lost else said


class _Lines:
    """What the recorder says, until the main thread prints it: a terminal that stands still holds up nobody."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[str] = queue.Queue(_MOST_LINES)
        self._left_out = 0

    def put(self, line: str) -> None:
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._left_out += 1

    def print_some(self) -> None:
        """Those that come within a moment."""
        try:
            click.echo(self._waiting.get(timeout=_LOOK_SECONDS))
        except queue.Empty:
            left_out, self._left_out = self._left_out, 0
            if left_out:
                click.echo(f"({left_out} lines were left out here: the terminal was too slow)")

    def print_all(self) -> None:
        """Those that are left."""
        while not self._waiting.empty():
            click.echo(self._waiting.get())
