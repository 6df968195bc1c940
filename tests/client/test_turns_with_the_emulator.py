"""Both ends together, over a network with a delay, in virtual time: the strict end has nothing to complain of."""

import heapq
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.session.conftest import Dialogue, PlannedScript
from tests.session.sounds import silence, voice
from vlclient.audio.ports import Heard, Part
from vlclient.commands import Command, Play, RunTool, Send, StopPlayback
from vlclient.response_gate import ALREADY_ACTIVE
from vlclient.turns import Turns
from vlmock.protocol.codec import decode_server, encode
from vlmock.protocol.conversation import ConversationItemCreate
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferAppend
from vlmock.protocol.items import InputTextPart, RequestMessage
from vlmock.protocol.response import ResponseCreate, ResponseCreateParams
from vlmock.protocol.session import RequestSession, SessionUpdate
from vlmock.protocol.turn_detection import ServerVad
from vlmock.protocol.wire import ClientEvent
from vlmock.session.script import Call, Say, Step
from vlmock.session.timing import Timing

REPLIES: dict[str, list[Step]] = {
    "say": [Say("One two three four five.")],
    "call": [Call("weather", "{}")],
    "say and call": [Say("Let me see."), Call("weather", "{}")],
    "two calls": [Call("weather", "{}"), Call("time", "{}")],
}
BLOCK_MS = 100


class Loudspeaker:
    """Plays in real time what it is given; one part after the other."""

    def __init__(self) -> None:
        self.queue: list[tuple[Part, float]] = []
        self.began = 0.0

    def play(self, part: Part, ms: float, now: float) -> None:
        if now * 1000 >= self.began + sum(ms for _, ms in self.queue):
            self.queue, self.began = [], now * 1000
        self.queue.append((part, ms))

    def stop(self, now: float) -> Heard | None:
        left, queue = now * 1000 - self.began, self.queue
        self.queue = []
        given: dict[Part, float] = {}
        heard: dict[Part, float] = {}
        for part, ms in queue:
            given[part] = given.get(part, 0.0) + ms
            heard[part] = heard.get(part, 0.0) + min(max(left, 0.0), ms)
            left -= ms
        playing = [part for part in given if 0 < heard[part] < given[part]]
        return Heard(playing[-1], int(heard[playing[-1]]), int(given[playing[-1]])) if playing else None


class Conversation:
    """``Turns`` and the emulator's session, and what is on the way between them."""

    def __init__(
        self, *, model: str, timing: str, delay: float, replies: list[str], interrupts: bool, answers: bool
    ) -> None:
        script = PlannedScript([REPLIES[name] for name in replies])
        self.dialogue = Dialogue(model=model, timing=Timing(timing), script=script)
        self.turns, self.loudspeaker, self.delay = Turns(), Loudspeaker(), delay
        self.now = self.dialogue.now
        self.errors: list[ErrorEvent] = []
        self.sent: list[ClientEvent] = []
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._carried = 0
        self._tool_takes = itertools.cycle([0.0, 0.7, 3.0])
        detection = ServerVad(interrupt_response=interrupts, create_response=answers)
        self.application_sends(SessionUpdate(session=RequestSession(turn_detection=detection)))
        self.runs_for(1.0)
        assert self.turns.ready

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._order), act))

    def application_sends(self, event: ClientEvent) -> None:
        signed = self.turns.sign(event)
        self.turns.sent(signed, self.now)
        self.send(signed)

    def send(self, event: ClientEvent) -> None:
        self.sent.append(event)
        self.later(self.delay, lambda: self.dialogue.client(event))  # type: ignore[arg-type]

    def perform(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Send():
                    self.send(command.event)
                case Play():
                    self.loudspeaker.play(command.part, len(command.audio) / 48, self.now)
                case StopPlayback():
                    self.perform(self.turns.playback_stopped(self.loudspeaker.stop(self.now), self.now))
                case RunTool(call_id=call_id):
                    self.later(next(self._tool_takes), lambda id=call_id: self.tool_returns(id))

    def tool_returns(self, call_id: str) -> None:
        self.perform(self.turns.tool_answered(call_id, "sun", self.now))

    def hears(self, frame: bytes) -> None:
        event = decode_server(frame)
        if isinstance(event, ErrorEvent):
            self.errors.append(event)
        self.perform(self.turns.receive(event, self.now))

    def runs_for(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            self._carry()
            deadlines = [self.dialogue.session.next_deadline(), self.turns.next_deadline(), *[d for d, *_ in self._due]]
            at = min((each for each in deadlines if each is not None), default=end)
            if at > end:
                break
            self.now = max(self.now, at)
            self.dialogue.wait(self.now - self.dialogue.now)
            self._carry()
            while self._due and self._due[0][0] <= self.now:
                heapq.heappop(self._due)[2]()
                self._carry()
            self.perform(self.turns.advance(self.now))
            if at == end:
                break
        self.now = end
        self.dialogue.wait(self.now - self.dialogue.now)
        self._carry()

    def _carry(self) -> None:
        events, self._carried = self.dialogue.events[self._carried :], len(self.dialogue.events)
        for event in events:
            frame = encode(event)
            self.later(self.delay, lambda frame=frame: self.hears(frame))

    # ---- what people do

    def speaks(self, ms: int) -> None:
        audio = voice(ms) + silence(900)
        size = BLOCK_MS * 48
        for start in range(0, len(audio), size):
            self.application_sends(InputAudioBufferAppend(audio=audio[start : start + size]))
            self.runs_for(BLOCK_MS / 1000)

    def types(self) -> None:
        item = RequestMessage(role="user", content=[InputTextPart(text="Hello")])
        self.application_sends(ConversationItemCreate(item=item))
        self.perform(self.turns.request_response(ResponseCreate(), self.now))

    def announces(self) -> None:
        params = ResponseCreateParams(instructions="Say something.")
        self.perform(self.turns.request_response(ResponseCreate(response=params), self.now))

    def cancels(self) -> None:
        self.perform(self.turns.cancel(self.now))

    def comes_to_rest(self) -> None:
        for _ in range(40):
            self.runs_for(10.0)
            if (
                self.turns.is_idle
                and not self._due
                and self.dialogue.session.next_deadline() == self.dialogue.session.expires
            ):
                return
        pytest.fail(f"never comes to rest: {self.turns.phase}, {self.turns.waiting}")


ACTIONS = st.sampled_from(["types", "announces", "cancels", "speaks 300", "speaks 800", "0.02", "0.3", "1.5", "6"])


@settings(max_examples=60)
@given(
    model=st.sampled_from(["gpt-4.1", "gpt-realtime"]),
    timing=st.sampled_from(["instant", "cascade", "native"]),
    delay=st.sampled_from([0.0, 0.0, 0.06]),
    replies=st.lists(st.sampled_from(sorted(REPLIES)), max_size=8),
    interrupts=st.booleans(),
    answers=st.booleans(),
    actions=st.lists(ACTIONS, max_size=12),
)
def test_the_emulator_has_nothing_to_refuse(model, timing, delay, replies, interrupts, answers, actions):
    """Without a delay nothing is refused. With one, requests may cross; they are asked again and all ends well.

    Whoever cancels an answer that is there in an instant may always come too late.
    """
    conversation = Conversation(
        model=model, timing=timing, delay=delay, replies=replies, interrupts=interrupts, answers=answers
    )
    for action in actions:
        verb, _, number = action.partition(" ")
        if verb in ("types", "announces", "cancels"):
            getattr(conversation, verb)()
        elif verb == "speaks":
            conversation.speaks(int(number))
        else:
            conversation.runs_for(float(action))
    conversation.comes_to_rest()
    codes = {each.error.code for each in conversation.errors}
    may_cross = {ALREADY_ACTIVE} if delay else set()
    assert codes <= (may_cross | {"response_cancel_not_active"} if delay or timing == "instant" else may_cross)
    assert conversation.turns.lost_answers == 0
    assert all(each.final for each in conversation.turns.transcripts if each.role == "assistant")
    begun = len(conversation.dialogue.all("response.created"))
    assert begun == len(conversation.dialogue.all("response.done"))
    assert begun >= actions.count("announces")
