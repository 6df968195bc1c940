"""A conversation as a transcript: ``dialogue.client(event).server("response.created", …)``, in virtual time."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from vlmock.protocol.catalogue import AnyClientEvent
from vlmock.protocol.codec import decode_client, encode
from vlmock.protocol.deltas import Deltas
from vlmock.protocol.tools import McpTool
from vlmock.protocol.wire import ServerEvent
from vlmock.session.allowance import Allowance
from vlmock.session.avatar.pool import AvatarPool
from vlmock.session.configuration.brain import Brain
from vlmock.session.conversation.agents import Agent, Conversations
from vlmock.session.effects import (
    Close,
    Effect,
    Recognize,
    Remark,
    Send,
    SendRaw,
    Speech,
    SpeechMarks,
    SpeechRequest,
    Synthesize,
    TimedViseme,
    TimedWord,
)
from vlmock.session.ids import IdFactory
from vlmock.session.machine import Session
from vlmock.session.readings import FOLLOWED, Readings
from vlmock.session.script import Expectation, Heard, McpListing, Recognized, Reply, Say, Spoken, Step, Turn
from vlmock.session.timing import Timing

MS_PER_CHARACTER = 60
UNIX_TIME = 1_790_000_000.0


class PlannedScript:
    """Answers what it was told to, in order; then with an echo of what was said."""

    def __init__(self, replies: Iterable[Sequence[Step]] = (), heard: Iterable[str | Heard] = ()) -> None:
        self.replies = deque(replies)
        self.heard = deque(heard)
        self.expectations: deque[Expectation] = deque()
        self.mcp_servers: dict[str, McpListing] = {}
        self.turns: list[Turn] = []
        self.spoken: list[Spoken] = []
        self.skipped_fillers = 0

    def expects(self) -> Expectation:
        return self.expectations[0] if self.expectations else Expectation()

    def skip_filler(self, recognized: Recognized | None = None) -> bool:
        if recognized is not None and recognized.text != "Umm":
            return False
        self.skipped_fillers += 1
        self.expectations.popleft()
        return True

    def hear(self, spoken: Spoken) -> str | Heard:
        self.spoken.append(spoken)
        if self.expectations:
            self.expectations.popleft()
        return self.heard.popleft() if self.heard else "Hello."

    def mcp_tools(self, server: McpTool) -> McpListing:
        return self.mcp_servers.get(server.server_label) or McpListing.unscripted(server)

    def reply(self, turn: Turn) -> Reply:
        self.turns.append(turn)
        steps = self.replies.popleft() if self.replies else [Say(turn.text or "Hello.")]
        return Reply(tuple(steps))


def spoken(request: SpeechRequest) -> Speech:
    """Silence of the right length: what it sounds like is none of the session's business. Each character is a viseme,
    its place in the alphabet modulo 22."""
    duration_ms = len(request.text) * MS_PER_CHARACTER / request.rate
    audio = bytes(request.format.bytes_for_ms(duration_ms))
    speech = Speech(audio, request.format.duration_ms(len(audio)))
    return replace(speech, marks=marks_of(request.text)) if request.marks else speech


def marks_of(text: str) -> SpeechMarks:
    words = [
        TimedWord(found[0], found.start() * MS_PER_CHARACTER, len(found[0]) * MS_PER_CHARACTER)
        for found in re.finditer(r"\w+", text)
    ]
    visemes = [TimedViseme(place * MS_PER_CHARACTER + 1, ord(letter) % 22) for place, letter in enumerate(text)]
    return SpeechMarks(tuple(words), tuple(visemes))


class Dialogue:
    """One session, driven in virtual time, checked like a transcript."""

    def __init__(
        self,
        *,
        model: str = "gpt-4.1",
        api_version: str = "2026-04-10",
        timing: Timing | None = None,
        script: PlannedScript | None = None,
        agent: Agent | bool = False,
        brain: Brain | None = None,
        readings: Readings = FOLLOWED,
        tokens: Allowance | None = None,
        conversations: Conversations | None = None,
        lenient: bool = False,
        seed: int = 7,
        avatars: AvatarPool | None = None,
        avatar_trouble: str | None = None,
        listens: bool = False,
    ) -> None:
        self.script = script or PlannedScript()
        self.now = 100.0
        self.events: list[ServerEvent] = []
        self.raw: list[dict[str, Any]] = []
        self.remarks: list[Remark] = []
        self.closed: Close | None = None
        self.times: list[float] = []
        self.requests: list[SpeechRequest] = []
        self.hold_speech = False
        self.held: list[Synthesize] = []
        self.unheard: list[Recognize] = []
        self._checked = 0
        self.session = Session(
            brain=brain
            or Brain(
                model="" if agent else model,
                api_version=api_version,
                agent=Agent("helper", "project") if agent is True else agent or None,
            ),
            script=self.script,
            ids=IdFactory(seed),
            timing=timing or Timing("instant"),
            unix_time=UNIX_TIME,
            started=self.now,
            readings=readings,
            tokens=tokens,
            lenient=lenient,
            conversations=conversations,
            avatars=avatars,
            avatar_trouble=avatar_trouble,
            listens=listens,
        )
        self._perform(self.session.open(self.now))

    # ---- what happens

    def client(self, *events: AnyClientEvent | dict[str, Any]) -> "Dialogue":
        """The client sends events, all at this instant."""
        for event in events:
            frame = msgspec.json.encode(event) if isinstance(event, dict) else encode(event)
            self._perform(self.session.receive(decode_client(frame), self.now))
        self._perform(self.session.advance(self.now))
        return self

    def frame(self, frame: bytes | str) -> "Dialogue":
        """The client sends whatever this is."""
        self._perform(self.session.receive(decode_client(frame), self.now))
        return self

    def wait(self, seconds: float) -> "Dialogue":
        """Time passes; everything that is due in it happens at its own instant."""
        end = self.now + seconds
        while (deadline := self.session.next_deadline()) is not None and deadline <= end:
            assert deadline >= self.now - 1e-9, "a deadline lies in the past"
            self.now = max(deadline, self.now)
            self._perform(self.session.advance(self.now))
        self.now = end
        self._perform(self.session.advance(self.now))
        return self

    def speak(self, audio: bytes, *, piece_bytes: int | None = None, real_time: bool = False) -> "Dialogue":
        """The client sends audio; in real time the clock goes on with it (24 kHz PCM16)."""
        size = piece_bytes or len(audio)
        for start in range(0, len(audio), size):
            piece = audio[start : start + size]
            self.client({"type": "input_audio_buffer.append", "audio": _base64(piece)})
            if real_time:
                self.wait(len(piece) / 48_000)
        return self

    def release_speech(self) -> "Dialogue":
        """The speech that was held back is there now."""
        self.hold_speech = False
        held, self.held = self.held, []
        for effect in held:
            self._perform(self.session.supply(effect.key, spoken(effect.request), self.now))
        return self

    def understand(self, recognized: Recognized, *, turn: int = 0) -> "Dialogue":
        """Somebody has listened to a turn: of those that wait for it, this one."""
        effect = self.unheard.pop(turn)
        self._perform(self.session.supply_transcript(effect.key, recognized, self.now))
        return self

    # ---- what is checked

    def server(self, *expected: str) -> "Dialogue":
        """The server has sent exactly these since the last check; runs of one type count once."""
        got = [kind for kind, _ in groupby(self.types[self._checked :])]
        self._checked = len(self.events)
        if got != list(expected):
            pytest.fail(_difference(list(expected), got), pytrace=False)
        return self

    def skip(self) -> "Dialogue":
        """Whatever the server has sent until now is not looked at."""
        self._checked = len(self.events)
        return self

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    def all(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.type == kind]

    def last(self, kind: str) -> Any:
        found = self.all(kind)
        assert found, f"no {kind} among {self.types}"
        return found[-1]

    def _perform(self, effects: list[Effect]) -> None:
        to_speak = []
        for effect in effects:
            match effect:
                case Send(event=event):
                    self.events.append(event)
                    self.times.append(self.now)
                case Deltas():
                    self.events += effect.events()
                    self.times += [self.now] * len(effect.deltas)
                case SendRaw(event=raw):
                    self.raw.append(raw)
                case Remark():
                    self.remarks.append(effect)
                case Close():
                    self.closed = effect
                case Synthesize():
                    to_speak.append(effect)
                case Recognize():
                    self.unheard.append(effect)
        for effect in to_speak:
            self.requests.append(effect.request)
            if self.hold_speech:
                self.held.append(effect)
            else:
                self._perform(self.session.supply(effect.key, spoken(effect.request), self.now))


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()


def _difference(expected: list[str], got: list[str]) -> str:
    from difflib import ndiff

    return "the server said something else (- expected, + got):\n" + "\n".join(ndiff(expected, got))


@pytest.fixture
def dialogue() -> Dialogue:
    """A cascade session that is open and configured by nobody."""
    return Dialogue().skip()


@pytest.fixture
def open_dialogue() -> Callable[..., Dialogue]:
    """Any session: ``open_dialogue(model="gpt-realtime", script=…)``."""
    return Dialogue
