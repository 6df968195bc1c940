"""One test with a recording: whether it is played or made, and what becomes of it in the end."""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from vlmock.errors import RecordingError, VlmockError
from vlmock.pytest_plugin.asked import Asked, asked
from vlmock.pytest_plugin.endpoint import Live, Played, RecordedEndpoint
from vlmock.pytest_plugin.live import credential_in, start_recording
from vlmock.pytest_plugin.modes import PLAN, Mode
from vlmock.pytest_plugin.shelf import Shelf, standing
from vlmock.recorder.minutes import SWITCHING
from vlmock.recording.replay.manner import HangUp, manner
from vlmock.server.journal import Journal
from vlmock.server.mock_server import MockServer, serve
from vlmock.server.replays import Replays

if TYPE_CHECKING:
    from vlmock.pytest_plugin.network import Wall
    from vlmock.recording.model import Recording

__all__ = ["recorded", "story"]


@contextmanager
def recorded(
    item: pytest.Item,
    path: Path,
    options: Mapping[str, Any],
    *,
    mode: Mode,
    expires: str,
    wall: "Wall | None",
    anew: bool,
    passed: Callable[[], bool],
) -> Iterator[RecordedEndpoint]:
    """The endpoint of a test whose recording lies at ``path``.

    ``options``: of ``vlmock.serve``. ``expires``: for recordings whose marker does not say. ``anew``: the test has just
    been played and did otherwise. ``passed``: asked in the end, of a test that was recorded. A mistake of the user
    fails the test with one sentence.
    """
    shelf = Shelf(path)
    side: Played | Live
    with _told():
        wanted = asked(item, expires=expires)
        recordings = [] if anew else _to_replay(item, shelf, wanted, mode)
        if recordings:
            remedy = "" if mode == "new" else f"If the test is right, record it anew with {_command(item, 'new')}"
            side = Played(_replaying(recordings, wanted, options, mode), remedy)
        else:
            side = _recording(shelf, wanted, options, wall)
    try:
        with side.server:
            yield RecordedEndpoint(side, path)
    finally:
        if isinstance(side, Live):
            with _told():
                _put_away(shelf, side, passed=passed())


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (VlmockError, ValueError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    except OSError as error:
        mistake = f"{error.filename}: the recording cannot be put there ({error.strerror})"
        raise pytest.fail.Exception(mistake, pytrace=False) from None


def _to_replay(item: pytest.Item, shelf: Shelf, wanted: Asked, mode: Mode) -> Sequence["Recording"]:
    """None: record. Raises RecordingError where neither may be."""
    if mode == "all":
        return []  # whatever is wrong with what lies there
    recordings = shelf.recordings()
    state, why = standing(recordings, wanted.lifetime, datetime.now(UTC))
    match PLAN[mode, state]:
        case "replay":
            shown = {each.name: _shown_path(item, Path(each.name)) for each in recordings}
            return [msgspec.structs.replace(each, name=shown[each.name]) for each in recordings]
        case "record":
            return []
    raise RecordingError(
        f"this test is played from {_shown_path(item, shelf.path)}, and {why}: record it from the live service with "
        f"{_command(item, 'once')}"
    )


def _put_away(shelf: Shelf, side: Live, *, passed: bool) -> None:
    """What was recorded; what is not whole is not kept, and that may be known only now."""
    lost = side.server.lost
    if passed and not lost:
        shelf.keep()
        return
    shelf.reject()
    if passed:
        raise RecordingError("\n".join(lost))


def _recording(shelf: Shelf, wanted: Asked, options: Mapping[str, Any], wall: "Wall | None") -> Live:
    journal = Journal()
    recorder = start_recording(
        shelf.clear(),
        journal,
        os.environ,
        redact=wanted.redact,
        redact_audio=wanted.redact_audio,
        wall=wall,
        **{name: options[name] for name in _OF_RECORDERS & options.keys()},
    )
    return Live(recorder, journal, credential_in(os.environ))


def _replaying(recordings: Sequence["Recording"], wanted: Asked, options: Mapping[str, Any], mode: Mode) -> MockServer:
    """A server that hangs up on an agent that says what was not recorded, in the middle as well: it might wait for an
    answer for ever. In the mode ``new`` it does so at the first difference of any kind, because the test runs again in
    any case."""
    hang_up: HangUp = "end" if wanted.on_unexpected == "ignore" else "difference" if mode == "new" else "more"
    how = manner(wanted.timing, wanted.on_unexpected, wanted.trailing, hang_up=hang_up)
    replays = Replays(recordings, how, too_many="")
    server = serve(**{name: options[name] for name in _OF_REPLAYS & options.keys()})
    server.problems_were_asked = True  # they are told with the test
    server.hand_out(replays)
    return server


_OF_RECORDERS: Final = frozenset({"host", "port", "tls"})
_OF_REPLAYS: Final = _OF_RECORDERS | {"compression", "max_message_bytes", "journal_bytes", "log"}
"""Of a server's options those that say how it is reached. What it does is the recording's affair, and any key is good
for it, as it is for the recorder."""


def story(item: pytest.Item, endpoint: RecordedEndpoint, differences: str) -> str:
    """Of a test that was recorded and failed: why it was recorded, and where that lies. ``differences``: what it did
    otherwise when it was played before."""
    shelf, problems = Shelf(endpoint.path), endpoint.problems()
    told = []
    if endpoint.connections:
        let_in = any(connection.status == SWITCHING for connection in endpoint.connections)
        what = "What was said" if let_in else "Its refusal"
        failed = _shown_path(item, shelf.failed)
        told.append(f"This was the live service. {what} will lie in {failed}, where nothing is played from.")
    if shelf.is_used:
        told.append("What was recorded before is as it was.")
    told += [refusal for refusal in endpoint.refusals() if refusal not in problems]
    if differences:
        told += ["The test did otherwise than recorded, and so ran again:", differences]
    return "\n".join(told)


def _shown_path(item: pytest.Item, path: Path) -> str:
    """As it is seen from where pytest was started."""
    try:
        return os.path.relpath(path, item.config.invocation_params.dir)
    except ValueError:  # another drive of Windows
        return str(path)


def _command(item: pytest.Item, mode: Mode) -> str:
    _, colons, rest = item.nodeid.partition("::")
    test = shlex.quote(f"{_shown_path(item, item.path)}{colons}{rest}")
    return f"pytest {test} --voicelive-record={mode}"
