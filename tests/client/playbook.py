"""A dialogue with ``Turns`` as a transcript, in virtual time: ``>>`` what happens, ``<<`` what is to be done about it.

    assert playbook >> created("r1") >> audio("r1") << plays("r1") >> speech_started() << StopPlayback()

After each ``>>`` exactly the commands that follow it must come, in that order. That an event is shown need not be said;
that it is not must be: ``<< DROPPED``. A failure prints the whole transcript with the difference marked.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from tests.client.service_says import BYTES_PER_MS, error, message_of
from vlclient.audio.ports import Heard, Part
from vlclient.commands import Command, Play, RunTool, Send, Show
from vlclient.turns import Turns
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import ConversationItemTruncate
from vlmock.protocol.response import ResponseCancel, ResponseCreate
from vlmock.protocol.wire import UNSET, ClientEvent, ServerEvent

DROPPED = "the event is not shown"


class Does(msgspec.Struct, frozen=True):
    """Something that is not an event of the service."""

    words: str
    act: "Callable[[Playbook], list[Command]]"


class Playbook:
    """One conversation. Nothing happens before it is asked for its truth."""

    def __init__(self) -> None:
        self.turns = Turns(event_id_prefix="test_")
        self.now = 100.0
        self.sent: list[ClientEvent] = []
        self.checked = True
        self._steps: list[tuple[str, Any]] = []

    def __rshift__(self, happens: Any) -> "Playbook":
        self._steps.append((">>", happens))
        self.checked = False
        return self

    def __lshift__(self, command: Any) -> "Playbook":
        self._steps.append(("<<", command))
        return self

    def __bool__(self) -> bool:
        self.checked, lines, wrong = True, [], False
        for happens, expected in self._chapters():
            actual = self._happens(happens)
            lines.append(f"   >> {_in_words(happens)}")
            for index in range(max(len(actual), len(expected))):
                got = actual[index] if index < len(actual) else None
                wanted = expected[index] if index < len(expected) else None
                if got == wanted:
                    lines.append(f"   << {_in_words(got)}")
                    continue
                wrong = True
                lines += [f" - << {_in_words(wanted)}"] if wanted is not None else []
                lines += [f" + << {_in_words(got)}"] if got is not None else []
        self._steps.clear()
        assert not wrong, "\n".join(["the transcript differs (- expected, + came):", *lines])
        return True

    def _chapters(self) -> list[tuple[Any, list[Any]]]:
        chapters: list[tuple[Any, list[Any]]] = []
        for arrow, what in self._steps:
            if arrow == ">>":
                chapters.append((what, []))
            else:
                chapters[-1][1].append(what)
        return chapters

    def _happens(self, happens: Any) -> list[Any]:
        if isinstance(happens, Does):
            return [self._unsigned(command) for command in happens.act(self)]
        commands = self.turns.receive(happens, self.now)
        shown = [command for command in commands if isinstance(command, Show)]
        assert shown in ([], [Show(happens)])
        rest = [self._unsigned(command) for command in commands if not isinstance(command, Show)]
        return rest if shown else [DROPPED, *rest]

    def _unsigned(self, command: Command) -> Command:
        """Ids are chosen by a counter; the transcript does not name them."""
        if not isinstance(command, Send):
            return command
        assert command.event.event_id, "what is sent can be recognised when it is refused"
        self.sent.append(command.event)
        return Send(msgspec.structs.replace(command.event, event_id=UNSET))

    def until(self, then: float) -> list[Command]:
        """Let time go by, from deadline to deadline."""
        commands: list[Command] = []
        while (deadline := self.turns.next_deadline()) is not None and deadline <= then:
            assert deadline >= self.now, "a deadline lies in the past"
            self.now = deadline
            commands += self.turns.advance(self.now)
        self.now = then
        return commands


def _in_words(what: Any) -> str:
    if isinstance(what, Does):
        return what.words
    if isinstance(what, ServerEvent | UnknownServerEvent):
        return f"{what.type} {what}"
    if isinstance(what, Send):
        return f"Send {what.event.type} {what.event}"
    return f"Play {what.part} {len(what.audio)} bytes" if isinstance(what, Play) else str(what)


# ---- what happens besides events


def asks(event: ResponseCreate | None = None) -> Does:
    """The application asks for a response."""
    request = event or ResponseCreate()
    return Does(f"asks for {request}", lambda book: book.turns.request_response(request, book.now))


def cancels() -> Does:
    return Does("cancels", lambda book: book.turns.cancel(book.now))


def sends(event: ClientEvent) -> Does:
    """The application sends an event past the gate."""

    def act(book: Playbook) -> list[Command]:
        book.turns.sent(event, book.now)
        return []

    return Does(f"sends {event}", act)


def fell_silent(heard_ms: int | None, of_ms: int = 0, *, item_id: str = "m1", part: int = 0) -> Does:
    """The loudspeaker was stopped: so much was heard, of so much."""
    heard = None if heard_ms is None else Heard(Part(item_id, part), heard_ms, of_ms)
    return Does(f"fell silent: {heard}", lambda book: book.turns.playback_stopped(heard, book.now))


def tool_returns(call_id: str = "c1", said: str = "sun") -> Does:
    return Does(f"{call_id} returns", lambda book: book.turns.tool_answered(call_id, said, book.now))


def waits(seconds: float) -> Does:
    return Does(f"{seconds} s go by", lambda book: book.until(book.now + seconds))


def refuses(wire_type: str, code: str | None, *, names_it: bool = True, param: str | None = None) -> Does:
    """The service refuses the last event of this type that was sent."""

    def act(book: Playbook) -> list[Command]:
        culprit = next(event for event in reversed(book.sent) if event.type == wire_type)
        refusal = error(code, event_id=str(culprit.event_id) if names_it else None, param=param)
        shown, *commands = book.turns.receive(refusal, book.now)
        assert shown == Show(refusal)
        return commands

    return Does(f"error {code} for {wire_type}", act)


def loses_the_connection() -> Does:
    def act(book: Playbook) -> list[Command]:
        book.turns.disconnected(book.now)
        return []

    return Does("the connection is lost", act)


def reconnects() -> Does:
    return Does("reconnected", lambda book: book.turns.reconnected(book.now))


# ---- what is done about it


def plays(response_id: str = "r1", ms: int = 100, *, part: int = 0) -> Play:
    return Play(Part(message_of(response_id), part), bytes(ms * BYTES_PER_MS), response_id)


def runs(call_id: str = "c1", response_id: str = "r1", *, arguments: str = "{}") -> RunTool:
    return RunTool(response_id, call_id, "weather", arguments)


RESPOND = Send(ResponseCreate())
CANCEL = Send(ResponseCancel(response_id="r1"))


def cut(item_id: str = "m1", ms: int = 100, part: int = 0) -> Send:
    return Send(ConversationItemTruncate(item_id=item_id, content_index=part, audio_end_ms=ms))
