"""Whatever the service says and the application does, in whatever order: what always holds."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.client.service_says import (
    arguments_done,
    audio,
    audio_done,
    call,
    call_added,
    call_done,
    committed,
    created,
    deleted,
    detecting,
    done,
    error,
    item_added,
    item_created,
    message,
    output,
    output_confirmed,
    say,
    speech_started,
    speech_stopped,
    spoken_item,
    text,
    truncated,
    updated,
    user_words,
    user_words_delta,
    user_words_failed,
    words,
    words_done,
)
from vlclient.audio.ports import Heard, Part
from vlclient.commands import Command, Play, RunTool, Send, Show, StopPlayback
from vlclient.response_gate import ALREADY_ACTIVE, OWED_WITHIN_S
from vlclient.salvage import salvage
from vlclient.turn_duties import LATE_DELTAS
from vlclient.turns import Turns
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import ConversationItemCreate, ConversationItemDelete, ConversationItemTruncate
from vlmock.protocol.input_audio import InputAudioBufferCleared, InputAudioBufferCommit
from vlmock.protocol.items import RequestFunctionCallOutput
from vlmock.protocol.response import ResponseCancel, ResponseCreate
from vlmock.protocol.session import RequestSession, SessionUpdate

RESPONSES = st.sampled_from(["r1", "r2", "r3", "r4"])
CALLS = st.sampled_from(["c1", "c2", "c3"])
USERS = st.sampled_from(["u1", "u2"])
MESSAGES = st.sampled_from(["m1", "m2", "u1", "f1"])
STATUSES = st.sampled_from(["completed", "cancelled", "incomplete", "failed", ""])
WORDS = st.sampled_from(["", "Hello", " "])
SETTING = st.sampled_from([None, True, False])

EVENTS = st.one_of(
    st.builds(
        lambda r, s, c: done(r, s, *[call(each) for each in c]), RESPONSES, STATUSES, st.lists(CALLS, max_size=2)
    ),
    st.builds(audio, RESPONSES, st.sampled_from([0, 20, 500]), part=st.sampled_from([0, 1])),
    st.builds(audio_done, RESPONSES),
    st.builds(words, RESPONSES, WORDS),
    st.builds(text, RESPONSES, WORDS),
    st.builds(words_done, RESPONSES, WORDS),
    st.builds(lambda m, r: item_added(message(m), r), MESSAGES, RESPONSES),
    st.builds(lambda m, a: item_created(message(m), a), MESSAGES, MESSAGES),
    st.builds(call_added, CALLS, RESPONSES),
    st.builds(arguments_done, CALLS, RESPONSES),
    st.builds(call_done, CALLS, RESPONSES, st.sampled_from(["completed", "incomplete"])),
    st.builds(output_confirmed, CALLS),
    st.builds(speech_stopped, USERS),
    st.builds(committed, USERS, MESSAGES),
    st.builds(spoken_item, USERS, st.sampled_from([None, "Hi"]), MESSAGES),
    st.builds(user_words, USERS, WORDS),
    st.builds(user_words_delta, USERS, WORDS),
    st.builds(user_words_failed, USERS),
    st.builds(truncated, MESSAGES),
    st.builds(deleted, MESSAGES),
    st.just(InputAudioBufferCleared()),
    st.just(updated(turn_detection=None)),
    st.builds(error, st.sampled_from([None, "response_cancel_not_active", "item_already_truncated", "server_error"])),
    st.builds(
        UnknownServerEvent,
        st.sampled_from(["response.audio.delta", "response.text.delta", "mystery"]),
        st.none(),
        st.dictionaries(st.sampled_from(["response_id", "item_id", "delta"]), st.sampled_from([None, 3, "r1"])),
    ),
)


class AnyOrder(RuleBasedStateMachine):
    """A model of what the service has told, against which every command is held."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns()
        self.now = self.told = 100.0
        """The time, and the time that ``Turns`` was last told."""
        self.waits_for_reconnect = False
        self.sent_requests: list[ResponseCreate] = []
        self.forget()

    def forget(self) -> None:
        self.active: str | None = None
        self.begun: set[str] = set()
        self.ended: set[str] = set()
        self.ending_since: float | None = None
        self.requested: ResponseCreate | None = None
        self.requested_at = 0.0
        self.elsewhere_since: float | None = None
        self.interrupted: set[str] = set()
        self.running: list[RunTool] = []
        self.answered: set[str] = set()
        self.truncated: set[str] = set()
        self.interrupts = True

    # ---- the service

    @rule(response_id=RESPONSES)
    def begins(self, response_id: str) -> None:
        if response_id not in self.ended and response_id not in self.begun:
            self.begun.add(response_id)
            self.active, self.ending_since, self.elsewhere_since = response_id, None, None
            self.requested = None
        self.hear(created(response_id))

    @rule(event=EVENTS)
    def says(self, event: Any) -> None:
        self.hear(event)

    @rule(user=USERS)
    def user_begins(self, user: str) -> None:
        if self.interrupts:
            self.broken_off()
        commands = self.hear(speech_started(user))
        assert (StopPlayback() in commands) is self.interrupts

    @rule(interrupt=SETTING, create=SETTING, truncate=SETTING)
    def is_configured(self, interrupt: bool | None, create: bool | None, truncate: bool | None) -> None:
        self.interrupts = interrupt is not False
        self.hear(detecting(interrupt_response=interrupt, create_response=create, auto_truncate=truncate))
        assert self.turns.ready

    @precondition(lambda self: self.sent_requests)
    @rule(code=st.sampled_from([ALREADY_ACTIVE, "invalid_value"]), data=st.data())
    def refuses(self, code: str, data: st.DataObject) -> None:
        refused = data.draw(st.sampled_from(self.sent_requests[-2:]))
        if refused is self.requested:
            self.requested = None
            if code == ALREADY_ACTIVE and self.active is None:
                self.elsewhere_since = self.now
        self.hear(error(code, event_id=str(refused.event_id)))

    def hear(self, event: Any) -> list[Command]:
        response = getattr(event, "response", None)
        if event.type == "response.done" and response.id:
            self.ended.add(response.id)
            if response.id == self.active:
                self.active = None
            if self.active is None:
                self.elsewhere_since = None
            if response.status == "cancelled":
                self.interrupted.add(response.id)
        if event.type == "conversation.item.deleted" or event.type == "conversation.item.truncated":
            self.truncated.add(event.item_id)
        if event.type == "session.updated":
            detection = event.session.turn_detection
            self.interrupts = getattr(detection, "interrupt_response", None) is not False
        commands = self.take(self.turns.receive(event, self.now))
        read = salvage(event) if isinstance(event, UnknownServerEvent) else event
        late = isinstance(read, LATE_DELTAS) and read.response_id in self.turns.interrupted
        assert commands.count(Show(event)) == (0 if late else 1)
        return commands

    # ---- the application

    @rule(event=st.sampled_from([ResponseCreate(), say("one"), say("two")]))
    def asks(self, event: ResponseCreate) -> None:
        self.take(self.turns.request_response(event, self.now))

    @rule()
    def cancels(self) -> None:
        may_be_cancelled = self.active is not None and self.ending_since is None
        commands = self.turns.cancel(self.now)
        if may_be_cancelled:
            self.broken_off()
        self.take(commands)

    @rule(item=MESSAGES, part=st.sampled_from([0, 1]), heard=st.sampled_from([0, 10, 600]))
    def falls_silent(self, item: str, part: int, heard: int) -> None:
        self.take(self.turns.playback_stopped(Heard(Part(item, part), heard, 500), self.now))

    @rule()
    def was_silent(self) -> None:
        commands = self.take(self.turns.playback_stopped(None, self.now))
        assert not [each for each in commands if isinstance(each, Send) and each.event.type != "response.create"]

    @rule(call_id=CALLS)
    def tool_returns(self, call_id: str) -> None:
        self.running = [each for each in self.running if each.call_id != call_id]
        self.take(self.turns.tool_answered(call_id, "sun", self.now))

    @rule(
        event=st.sampled_from(
            [
                SessionUpdate(session=RequestSession()),
                InputAudioBufferCommit(),
                ConversationItemDelete(item_id="m1"),
                ConversationItemTruncate(item_id="m2", content_index=0, audio_end_ms=5),
                output("c1"),
            ]
        )
    )
    def sends(self, event: Any) -> None:
        if isinstance(event, ConversationItemCreate):
            self.answered.add("c1")
        elif isinstance(event, ConversationItemDelete | ConversationItemTruncate):
            self.truncated.add(event.item_id)
        self.turns.sent(event, self.now)
        self.told = self.now

    # ---- time and the connection

    @rule(seconds=st.sampled_from([0.0, 0.1, 4.9, 5.0, 40.0]))
    def waits(self, seconds: float) -> None:
        end = self.now + seconds
        while (deadline := self.turns.next_deadline()) is not None and deadline <= end:
            self.now = deadline
            self.take(self.turns.advance(self.now))
        self.now = end

    @rule(seconds=st.sampled_from([1.0, 6.0]))
    def oversleeps(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def loses_the_connection(self) -> None:
        unfinished = self.turns.disconnected(self.now)
        self.told = self.now
        assert unfinished.requests == self.turns.waiting
        self.forget()
        self.waits_for_reconnect = True
        assert not self.turns.ready

    @rule()
    def reconnects(self) -> None:
        self.waits_for_reconnect = False
        self.take(self.turns.reconnected(self.now))

    # ---- what always holds

    def broken_off(self) -> None:
        if self.active is not None:
            self.interrupted.add(self.active)
            self.ending_since = self.now if self.ending_since is None else self.ending_since

    def take(self, commands: list[Command]) -> list[Command]:
        self.told = self.now
        for command in commands:
            match command:
                case Send(ResponseCreate() as request):
                    self.may_be_asked()
                    self.requested, self.requested_at = request, self.now
                    self.sent_requests.append(request)
                case Send(ConversationItemCreate(item=RequestFunctionCallOutput(call_id=call_id))):
                    assert call_id not in self.answered, "an output is sent twice"
                    self.answered.add(call_id)
                case Send(ResponseCancel(response_id=response_id)):
                    assert self.active is not None, "cancelled when idle"
                    assert response_id == self.active
                    self.broken_off()
                case Send(ConversationItemTruncate() as cut):
                    assert cut.item_id not in self.truncated, "an item is truncated twice"
                    assert 0 < cut.audio_end_ms <= 500
                    self.truncated.add(cut.item_id)
                case Play():
                    assert command.response_id not in self.interrupted, "sound of an interrupted response"
                case RunTool():
                    assert command.call_id not in {each.call_id for each in self.running}, "a call is run twice"
                    assert command.call_id not in self.answered
                    self.running.append(command)
        return commands

    def may_be_asked(self) -> None:
        """By what the service has told, and by nothing that happens inside."""
        assert not self.waits_for_reconnect, "asked before the new connection is ready"
        if self.active is not None:
            assert self.ending_since is not None, "asked while a response is active"
            assert self.now >= self.ending_since + OWED_WITHIN_S, "asked before the cancelled response could end"
        if self.requested is not None:
            assert self.now >= self.requested_at + OWED_WITHIN_S, "asked while another is requested"
        if self.elsewhere_since is not None:
            assert self.now >= self.elsewhere_since + OWED_WITHIN_S, "asked while an unknown response is active"

    @invariant()
    def no_deadline_lies_in_the_past(self) -> None:
        """Of the clock as ``Turns`` was last told it."""
        deadline = self.turns.next_deadline()
        assert deadline is None or deadline >= self.told

    @invariant()
    def a_transcript_is_found_by_its_item(self) -> None:
        for transcript in self.turns.transcripts:
            assert self.turns.transcripts.of(transcript.item_id) == transcript

    def teardown(self) -> None:
        """In the end everything that was asked for goes out: nothing blocks for ever."""
        self.reconnects()
        self.hear(updated())
        for _ in range(len(self.turns.waiting) + 2):
            for tool in list(self.running):
                self.tool_returns(tool.call_id)
            if (active := self.turns.active_response_id) is not None:
                self.hear(done(active, "completed"))
            self.waits(40.0)
        assert self.turns.waiting == ()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=200, stateful_step_count=40)
