"""The options with which ``vlmock serve`` plays recordings, and what it says about its clients then; ``vlmock.cli``
takes them in."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click
from click.core import ParameterSource

from vlmock.protocol.shown import on_one_line

if TYPE_CHECKING:
    from vlmock.recording.model import Recording
    from vlmock.recording.replay.conversation import Replay
    from vlmock.server.mock_server import MockServer

__all__ = ["Replaying", "print_difference", "replay_options", "summed_up"]

_MOST_NAMES: Final = 3
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Replaying:
    """What ``vlmock serve`` plays from recordings, and says of those who hear it; nothing, where nobody asked."""

    def __init__(self, path: Path | None, timing: str | None, on_unexpected: str | None, trailing: str | None) -> None:
        """``path``: of the recordings. The others are None where nobody said."""
        self.wanted = path is not None
        self._path = path
        self._timing = timing or "recorded"
        self._on_unexpected = on_unexpected or "tolerant"
        self._trailing = trailing or "report"
        self._told: set[int] = set()
        """The connections that have been spoken of."""
        self._different = 0
        """How many of them did otherwise than recorded."""

    def begin(self, server: "MockServer") -> str:
        """Have it played to everybody; in words what."""
        if self._path is None:
            return ""
        from vlmock.recording.reading import read

        recordings = read(self._path)
        try:
            server.replay(
                recordings,
                timing=self._timing,
                on_unexpected=cast(Any, self._on_unexpected),
                trailing=cast(Any, self._trailing),
                repeat=True,
            )
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--replay-timing") from None
        server.problems_were_asked = True  # they are told here
        return f" and replays {_names(recordings)}"

    def tell(self, server: "MockServer", *, stopped: bool = False) -> None:
        """Say of every connection that has ended since the last time how it went. ``stopped``: of the others, too."""
        for number, replay in [(each.connection, each.replay) for each in server.replayed]:
            if number not in self._told and (replay.gone or stopped):
                self._told.add(number)
                self._different += _tell_of(number, replay, server.journal.told)

    def end(self, server: "MockServer") -> tuple[int, str]:
        """What is left to be said, when the server has stopped; what to exit with, and the summary."""
        if not self.wanted:
            return 0, ""
        self.tell(server, stopped=True)
        code = 1 if self._different and self._on_unexpected == "strict" else 0
        return code, f"; {summed_up(len(self._told), self._different)}"


def summed_up(came: int, differed: int) -> str:
    """How many connections there were, and how many of them did otherwise than recorded."""
    if not came:
        return "nobody connected"
    how = "otherwise than recorded" if differed else "as recorded"
    if came == 1:
        return f"1 connection did {how}"
    some = f"{differed} of" if 0 < differed < came else "all"
    return f"{some} {came} connections did {how}"


def print_difference(entry: Any) -> None:
    """A journal's entry about one, as it happens, in one line, whatever its length: it is what a replay is for."""
    if entry.type == "(differs)":
        click.echo(f"#{entry.connection} {entry.at:8.3f} ! {on_one_line(entry.told(entry.event.message))}")


_OPTIONS: Final = (
    click.option(
        "--trailing",
        type=click.Choice(["report", "ignore"]),
        show_default="report",
        help="Whether what the client did after the last complete answer has to come as well.",
    ),
    click.option(
        "--on-unexpected",
        type=click.Choice(["strict", "tolerant", "ignore"]),
        show_default="tolerant",
        help="A client that does otherwise than the recorded one ends with an error, and this with exit code 1 "
        "(strict), or it goes on. Who says more when all has been played is hung up on in any case.",
    ),
    click.option(
        "--replay-timing",
        show_default="recorded",
        metavar="TIMING",
        help="recorded, instant, or how many times as long: 0.5 is twice as fast.",
    ),
    click.option(
        "--replay",
        type=click.Path(path_type=Path),
        help="Play this recording to every connection, as often as somebody comes, held back by what the client "
        "does; several one after the other. What a client does otherwise is printed.",
    ),
)


def replay_options(command: _Command) -> _Command:
    """``--replay`` and what belongs to it, as one ``replaying``."""

    @wraps(command)
    def with_replaying(
        *args: Any,
        replay: Path | None,
        replay_timing: str | None,
        on_unexpected: str | None,
        trailing: str | None,
        **options: Any,
    ) -> Any:
        given = {"--replay-timing": replay_timing, "--on-unexpected": on_unexpected, "--trailing": trailing}
        alone = [name for name, value in given.items() if value is not None]
        if replay is None and alone:
            raise click.UsageError(f"{' and '.join(alone)}: about recordings that are replayed; give --replay as well")
        if replay is not None and not options.get("scenarios") and _was_given("timing"):
            raise click.UsageError("--timing is about scenarios; of a recording it is --replay-timing")
        return command(*args, replaying=Replaying(replay, replay_timing, on_unexpected, trailing), **options)

    added: Any = with_replaying
    for option in _OPTIONS:
        added = option(added)
    result: _Command = added
    return result


def _was_given(option: str) -> bool:
    return click.get_current_context().get_parameter_source(option) is ParameterSource.COMMANDLINE


def _names(recordings: "Sequence[Recording]") -> str:
    names = [recording.name for recording in recordings]
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _tell_of(number: int, replay: "Replay", told: Callable[[str], str]) -> bool:
    """How it went on a connection, with what was not said as it happened; whether anything differed. ``told``: a text
    without what nobody is shown."""
    missing = replay.left_over()
    for deviation in missing:
        click.echo(f"#{number}          ! {on_one_line(told(str(deviation)))}")
    count = len(replay.deviations) + len(missing)
    how = f"{count} difference{'s' * (count > 1)} from" if count else "as recorded in"
    click.echo(f"#{number} has ended: {how} {replay.name}")
    return count > 0
