"""Clients that talk to real sessions in virtual time, with a judge between the two."""

import base64
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from tests.session.conftest import UNIX_TIME, Dialogue, PlannedScript
from tests.session.mcp_calls import TOOLS
from tests.session.sounds import utterance
from vlmock.conduct.facts import Ending, Facts, Turnaway
from vlmock.conduct.judge import Judge
from vlmock.conduct.rule import Finding
from vlmock.protocol.codec import decode_client
from vlmock.protocol.deltas import Deltas
from vlmock.session.conversation.agents import Agent
from vlmock.session.effects import Close, Effect, Remark, Send, SendRaw
from vlmock.session.script import McpListing, Step
from vlmock.session.timing import Timing

__all__ = ["BY_HAND", "DETECTED", "PIECE_BYTES", "PIECE_S", "SLOW", "TURNS", "Client", "Row", "World", "question"]

DETECTED = {"turn_detection": {"type": "server_vad", "silence_duration_ms": 500}}
BY_HAND = {"turn_detection": None}
SLOW = Timing({"llm_first": 300, "audio_speed": 4.0, "token_gap": 5, "stt": 300})
"""Speech comes four times as fast as it plays."""
PIECE_S = 0.1
PIECE_BYTES = 4800
"""So long at 24 kHz."""
TURNS = "2026-07-15"
"""The api-version in which clients draw the borders of turns."""


def question() -> bytes:
    """A spoken turn as a microphone hears it."""
    return utterance(900, before_ms=500, after_ms=1000)


class Client(Dialogue):
    """Does what it is told, good or bad. Whatever goes by is judged."""

    def __init__(self, world: "World", number: int, facts: Facts, **how: Any) -> None:
        self.world, self.number = world, number
        self._opened_at: float | None = None
        world.found(world.judge.opened(number, facts))
        super().__init__(**how)

    @property
    def at(self) -> float:
        """Seconds since it connected."""
        if self._opened_at is None:
            self._opened_at = self.now
        return self.now - self._opened_at

    # ---- what it does

    def send(self, type: str, **members: Any) -> "Client":
        """One event, as it stands."""
        return self.message(msgspec.json.encode({"type": type, **members}))

    def message(self, message: bytes) -> "Client":
        """Whatever this is."""
        event = decode_client(message)
        self._heard("client", event)
        self._perform(self.session.receive(event, self.now))
        self._perform(self.session.advance(self.now))
        return self

    def configure(self, **session: Any) -> "Client":
        return self.send("session.update", session=session)

    def append(self, audio: bytes) -> "Client":
        return self.send("input_audio_buffer.append", audio=base64.b64encode(audio).decode())

    def begin_turn(self, audio: bytes) -> "Client":
        """One whose borders the client draws, and its sound."""
        self.send("input_audio.turn.start", turn_id="turn_1")
        return self.send("input_audio.turn.append", turn_id="turn_1", audio=base64.b64encode(audio).decode())

    def end_turn(self) -> "Client":
        return self.send("input_audio.turn.end", turn_id="turn_1")

    def stream(self, audio: bytes, *, piece_bytes: int = PIECE_BYTES, piece_s: float = PIECE_S) -> "Client":
        """Piece by piece, so long for each."""
        for start in range(0, len(audio), piece_bytes):
            self.append(audio[start : start + piece_bytes])
            self.pause(piece_s)
        return self

    def pause(self, seconds: float) -> "Client":
        """Time passes."""
        self.wait(seconds)
        return self

    def type(self, text: str = "Hello.", **members: Any) -> "Client":
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}], **members}
        return self.send("conversation.item.create", item=item)

    def ask(self, **response: Any) -> "Client":
        return self.send("response.create", **({"response": response} if response else {}))

    def return_output(self, call_id: str, output: str = "{}") -> "Client":
        item = {"type": "function_call_output", "call_id": call_id, "output": output}
        return self.send("conversation.item.create", item=item)

    def cut(self, item_id: str, audio_end_ms: int, **members: Any) -> "Client":
        members = {"content_index": 0, "audio_end_ms": audio_end_ms, **members}
        members = {name: value for name, value in members.items() if value is not None}
        return self.send("conversation.item.truncate", item_id=item_id, **members)

    def leave(self, code: int = 1000, by: str = "client", **ending: Any) -> "Client":
        """It ends, well unless told otherwise."""
        self.world.ended(self, Ending(code, ending.pop("reason", ""), by, self.at, **ending))
        return self

    # ---- what else happens

    def pushed(self, type: str, **members: Any) -> "Client":
        """The server says something of its own accord."""
        self._perform([SendRaw({"type": type, "event_id": "event_pushed", **members})])
        return self

    def noted(self, code: str, message: str = "") -> "Client":
        """The socket's side, or the test, remarks on something."""
        self._heard("vlmock", Remark("noted", message, code=code))
        return self

    @property
    def spoken(self) -> str:
        """The item that was spoken last."""
        return str(self.last("response.audio.delta").item_id)

    @property
    def calls(self) -> list[str]:
        """Ids of the calls so far."""
        return [event.call_id for event in self.all("response.function_call_arguments.done")]

    def _heard(self, source: str, event: object) -> None:
        self.world.found(self.world.judge.heard(self.number, source, event, self.at))

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(event=event) | SendRaw(event=event):
                    self._heard("server", event)
                case Deltas():
                    for event in effect.events():
                        self._heard("server", event)
                case Remark():
                    self._heard("vlmock", effect)
                case Close(code=code, reason=reason):
                    self.world.ended(self, Ending(code, reason, "server", self.at))
        super()._perform(effects)


class World:
    """All that the judge hears of."""

    def __init__(self) -> None:
        self.judge = Judge()
        self.findings: list[Finding] = []
        self.unix_time = UNIX_TIME
        self._count = 0
        self._open: set[int] = set()

    def client(
        self,
        settings: dict[str, Any] | None = DETECTED,
        *,
        replies: Sequence[Sequence[Step]] = (),
        model: str = "gpt-4.1",
        api_version: str = "2026-04-10",
        agent: bool = False,
        facts: dict[str, Any] | None = None,
        **how: Any,
    ) -> Client:
        """A client that has connected and, unless there are no ``settings``, sent them and heard session.updated."""
        self._count += 1
        self._open.add(self._count)
        script = PlannedScript(replies)
        script.mcp_servers = {"docs": McpListing(TOOLS)}
        known = {"model": model, "api_version": api_version, "agent": agent, "opened": self.unix_time, **(facts or {})}
        how = {"model": model, "api_version": api_version, "script": script, **how}
        if agent:
            how["agent"] = Agent("helper", "project")
        client = Client(self, self._count, Facts(**known), **how)
        if settings is not None:
            client.configure(**settings).pause(0.5)
        return client

    def turned_away(self, status: int, message: str = "", *, same_credential: bool = False) -> None:
        turnaway = Turnaway(status=status, at=self.unix_time, message=message, same_credential=same_credential)
        self.found(self.judge.turned_away(turnaway))

    def found(self, findings: list[Finding]) -> None:
        self.findings += findings

    def ended(self, client: Client, ending: Ending) -> None:
        if client.number in self._open:
            self._open.remove(client.number)
            self.found(self.judge.ended(client.number, ending))
            self.unix_time += ending.at


Part = Callable[[World], object]


class Row(NamedTuple):
    """A rule, a conversation that breaks it, and the same as the remedy has it."""

    rule: str
    bad: Part
    good: Part
    also: frozenset[str] = frozenset()
    """Rules that cannot but be broken as well: an update is refused twice only when it is refused."""
