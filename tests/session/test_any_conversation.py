"""Whatever a client does, in whatever order: what always holds."""

import base64
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.session.avatar import offers
from tests.session.conftest import Dialogue, PlannedScript
from tests.session.sounds import silence, voice
from vlmock.protocol.conversation import ConversationItemCreated, ConversationItemDeleted
from vlmock.protocol.response import ResponseDone
from vlmock.session.readings import FOLLOWED, Readings
from vlmock.session.script import (
    Call,
    Emit,
    Error,
    Fail,
    FileSearch,
    FoundryAgentCall,
    Invocation,
    McpCall,
    Recognized,
    Say,
    Step,
    Wait,
    WebSearch,
)
from vlmock.session.timing import Timing

SOUNDS = {"voice": voice(700), "silence": silence(800)}
STEPS = st.sampled_from(
    [
        Say("One two three."),
        Say("x" * 30),
        Say(""),
        Call("get_weather", '{"city": "Oslo"}'),
        Wait(0.5),
        Error("odd"),
        Emit({"type": "x"}),
        Fail("no"),
        McpCall("docs", "search", '{"q": 1}', output="found", seconds=0.3),
        McpCall("shop", "order", '{"n": 1}', error="sold out"),
        McpCall("nobody", "offers"),
        WebSearch(seconds=0.2),
        FileSearch(("where",)),
        Invocation({"x": 1}),
        FoundryAgentCall("other", '{"q": 1}', seconds=0.3),
    ]
)
FILLER = {
    "type": "static_interim_response",
    "texts": ["One two."],
    "triggers": ["latency", "tool"],
    "latency_threshold_ms": 100,
}
MCP = [
    {"type": "mcp", "server_label": "docs", "server_url": "https://docs.example", "require_approval": "never"},
    {"type": "mcp", "server_label": "shop", "server_url": "https://shop.example"},
]
READINGS = st.sampled_from(
    [FOLLOWED, Readings(mcp_call="in_response", foundry_agent=True), Readings(foundry_agent=True, rate_limits=True)]
)
MODELS = st.sampled_from(["gpt-4.1", "gpt-realtime"])
TIMINGS = st.sampled_from(["instant", "cascade", "native"])
APPROVAL = "mcp_approval_request"
IDS = st.sampled_from(["a", "b", "nobody", "last"])


class AnyConversation(RuleBasedStateMachine):
    """Any client events in any order, with valid and invalid ids, and waiting."""

    @initialize(
        model=MODELS,
        timing=TIMINGS,
        replies=st.lists(st.lists(STEPS, max_size=5), max_size=6),
        hold=st.booleans(),
        mcp=st.booleans(),
        listens=st.booleans(),
        readings=READINGS,
    )
    def connect(
        self,
        model: str,
        timing: str,
        replies: list[list[Step]],
        hold: bool,
        mcp: bool,
        listens: bool,
        readings: Readings,
    ) -> None:
        self.script = PlannedScript(replies)
        self.dialogue = Dialogue(
            model=model,
            api_version="2026-07-15",
            timing=Timing(timing),
            script=self.script,
            readings=readings,
            listens=listens,
        )
        if mcp:
            self.update({"tools": MCP})
        self.dialogue.hold_speech = hold
        self.withdrawn: set[str] = set()
        """Calls that wait for an approval which nobody can give any more: it was deleted."""

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.4, 3.0]))
    def wait(self, seconds: float) -> None:
        self.dialogue.wait(seconds)

    @rule()
    def words_are_spoken(self) -> None:
        hold, self.dialogue.hold_speech = self.dialogue.hold_speech, False
        self.dialogue.release_speech()
        self.dialogue.hold_speech = hold

    @rule(turn=st.integers(0, 2))
    def a_turn_is_understood(self, turn: int) -> None:
        if self.dialogue.unheard:
            self.dialogue.understand(Recognized("Tea."), turn=min(turn, len(self.dialogue.unheard) - 1))

    @rule(said=st.sampled_from(["voice", "silence", "voice silence", "silence voice"]))
    def speak(self, said: str) -> None:
        self.dialogue.speak(b"".join(SOUNDS[name] for name in said.split()), piece_bytes=9600)

    @rule(event=st.sampled_from([f"input_audio{verb}" for verb in ("_buffer.commit", "_buffer.clear", ".clear")]))
    def buffer(self, event: str) -> None:
        self.send({"type": event})

    @rule(event=st.sampled_from([offers.connect(), offers.connect("nonsense"), {"type": "output_audio_buffer.clear"}]))
    def use_avatar(self, event: dict[str, Any]) -> None:
        self.send(event)

    @rule(params=st.sampled_from([None, {}, {"modalities": ["text"]}, {"cancel_previous": True}, {"commit": False}]))
    def create_response(self, params: dict[str, Any] | None) -> None:
        self.send({"type": "response.create", **({} if params is None else {"response": params})})

    @rule(verb=st.sampled_from(["start", "append", "end", "cancel"]), turn_id=st.sampled_from(["a", "b"]))
    def divide_turns(self, verb: str, turn_id: str) -> None:
        audio = {"audio": base64.b64encode(SOUNDS["voice"]).decode()} if verb == "append" else {}
        self.send({"type": f"input_audio.turn.{verb}", "turn_id": turn_id, **audio})

    @rule(verb=st.sampled_from(["delta", "done"]), item_id=IDS, index=st.sampled_from([0, 1]))
    def type_letters(self, verb: str, item_id: str, index: int) -> None:
        members = {"id": self.named(item_id), "content_index": index}
        self.send({"type": f"input_text.{verb}", **members, **({"delta": "x"} if verb == "delta" else {})})

    @rule()
    def cancel(self) -> None:
        self.send({"type": "response.cancel"})

    @rule(item_id=IDS, before=st.sampled_from([None, "root", "a", "nobody"]))
    def create_item(self, item_id: str, before: str | None) -> None:
        content = [{"type": "input_text", "text": "Hi"}]
        item = {"type": "message", "role": "user", "id": item_id, "content": content}
        self.send({"type": "conversation.item.create", "item": item, "previous_item_id": before})

    @rule(request_id=st.sampled_from(["asked", "last", "nobody"]), approve=st.booleans(), as_event=st.booleans())
    def approve(self, request_id: str, approve: bool, as_event: bool) -> None:
        asked = [e.item.id for e in self.dialogue.all("conversation.item.created") if e.item.type == APPROVAL]
        named = asked[-1] if asked and request_id == "asked" else self.named(request_id)
        answer = {"type": "mcp_approval_response", "approval_request_id": named, "approve": approve}
        self.send(answer if as_event else {"type": "conversation.item.create", "item": answer})

    @rule(item_id=IDS, verb=st.sampled_from(["delete", "retrieve", "truncate"]), end=st.sampled_from([0, 300, 10**6]))
    def touch_item(self, item_id: str, verb: str, end: int) -> None:
        event = {"type": f"conversation.item.{verb}", "item_id": self.named(item_id)}
        before = self.waiting()
        self.send(event | ({"content_index": 0, "audio_end_ms": end} if verb == "truncate" else {}))
        self.withdrawn |= before - self.waiting()

    @rule(
        session=st.sampled_from(
            [
                {"turn_detection": None},
                {"turn_detection": {"type": "server_vad", "silence_duration_ms": 300}},
                {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 2000}},
                {"turn_detection": {"type": "azure_semantic_vad", "create_response": False}},
                {"input_audio_format": "g711_ulaw"},
                {"voice": {"type": "azure-standard", "name": "en-US-AvaNeural"}},
                {"modalities": ["text"]},
                {"interim_response": FILLER},
                {"tools": MCP},
                {"modalities": ["text", "animation"]},
                {"animation": {"outputs": ["viseme_id", "blendshapes"]}, "output_audio_timestamp_types": ["word"]},
                {"avatar": offers.LISA},
                {"avatar": offers.FILMED},
                {"avatar": None},
                {"nonsense": 1},
            ]
        )
    )
    def update(self, session: dict[str, Any]) -> None:
        self.send({"type": "session.update", "session": session})

    @rule(frame=st.sampled_from([b"{", b"[]", b'{"type":"x"}', b'{"type":"response.create","response":3}']))
    def garbage(self, frame: bytes) -> None:
        before = len(self.dialogue.all("error"))
        self.dialogue.frame(frame)
        assert len(self.dialogue.all("error")) >= before + 1

    def named(self, item_id: str) -> str:
        created = self.dialogue.all("conversation.item.created")
        return str(created[-1].item.id) if item_id == "last" and created else item_id

    def send(self, event: dict[str, Any]) -> None:
        self.dialogue.client(event)

    @invariant()
    def each_response_ends_at_most_once(self) -> None:
        if hasattr(self, "dialogue"):
            done = [event.response.id for event in self.dialogue.all("response.done")]
            created = [event.response.id for event in self.dialogue.all("response.created")]
            assert len(set(done)) == len(done)
            assert set(done) <= set(created)
            assert len(created) - len(done) <= 1, "two responses at once"

    @invariant()
    def ids_are_unique(self) -> None:
        if hasattr(self, "dialogue"):
            ids = [event.event_id for event in self.dialogue.events]
            assert len(set(ids)) == len(ids)

    def teardown(self) -> None:
        if not hasattr(self, "dialogue"):
            return
        self.dialogue.release_speech()
        self.send({"type": "session.update", "session": {"turn_detection": None}})  # or it asks who is there for ever
        self.send({"type": "session.update", "session": {"avatar": None}})  # a film would go on for minutes
        while self.dialogue.wait(1000).unheard:  # what was said meanwhile is heard when the turn before is understood
            self.dialogue.understand(Recognized("Tea."))
        self.everything_adds_up()
        self.every_turn_has_become_an_item()
        self.who_mirrors_the_conversation_has_it()

    def who_mirrors_the_conversation_has_it(self) -> None:
        """From ``previous_item_id`` and what is deleted. A cascade's leaves out the assistant's items, so there the
        order is not known; but what it names is there."""
        mirror: list[str] = []
        for event in self.dialogue.events:
            if isinstance(event, ConversationItemDeleted):
                mirror.remove(event.item_id)
            elif isinstance(event, ConversationItemCreated):
                item_id, before = str(event.item.id), event.previous_item_id  # type: ignore[union-attr]
                if not item_id.startswith("interim_"):  # those are announced, and in no conversation
                    assert before is None or before in mirror, f"{item_id} follows {before}, which is not there"
                    mirror.insert(mirror.index(str(before)) + 1 if before else 0, item_id)
        state = self.dialogue.session._state
        there = [entry.id for entry in state.history]
        assert sorted(mirror) == sorted(there)
        assert mirror == there or state.pipeline.previous_item_skips_assistant

    def every_turn_has_become_an_item(self) -> None:
        """Each that was committed, once."""
        committed = [event.item_id for event in self.dialogue.all("input_audio_buffer.committed")]
        created = [event.item.id for event in self.dialogue.all("conversation.item.created")]
        assert sorted(item_id for item_id in created if item_id in committed) == sorted(committed)

    def everything_adds_up(self) -> None:
        """Each response ended; nothing of it came after; its deltas are what ``done`` reports."""
        ended: set[str] = set()
        words: dict[str, str] = {}
        for event in self.dialogue.events:
            kind = event.type
            response_id = getattr(event, "response_id", None)
            mcp_call = kind == "response.output_item.done" and event.item.type == "mcp_call"  # type: ignore[attr-defined]
            assert response_id not in ended or mcp_call, f"{kind} after response.done"
            if kind in ("response.audio_transcript.delta", "response.text.delta"):
                words[event.item_id] = words.get(event.item_id, "") + event.delta  # type: ignore[attr-defined]
            if isinstance(event, ResponseDone):
                ended.add(event.response.id)
                self.report_is_right(event, words)
        created = {event.response.id for event in self.dialogue.all("response.created")}
        assert created == ended
        self.every_call_that_ran_has_ended()
        self.marks_rise_and_end()

    def every_call_that_ran_has_ended(self) -> None:
        """Once each, and its item after it; nothing is left open but what waits for approval."""
        for family in ("response.mcp_call", "response.foundry_agent_call"):
            began = [event.item_id for event in self.dialogue.all(f"{family}.in_progress")]
            ended = [e.item_id for end in ("completed", "failed") for e in self.dialogue.all(f"{family}.{end}")]
            assert len(set(ended)) == len(ended)
            assert set(began) <= set(ended)
        added = [event.item.id for event in self.dialogue.all("response.output_item.added")]
        done = [event.item.id for event in self.dialogue.all("response.output_item.done")]
        assert len(set(done)) == len(done)
        assert set(added) - set(done) <= self.waiting() | self.withdrawn

    def waiting(self) -> set[str]:
        return {call.item.id for call in self.dialogue.session._state.awaiting_approval.values()}

    def marks_rise_and_end(self) -> None:
        """Of each item and kind: offsets go up, one ``done`` comes, and nothing after it."""
        last: dict[tuple[str, str], int] = {}
        ended: set[tuple[str, str]] = set()
        for event in self.dialogue.events:
            family, _, what = event.type.rpartition(".")
            if not family.endswith(("audio_timestamp", "animation_viseme", "animation_blendshapes")):
                continue
            part = (family, str(event.item_id))  # type: ignore[attr-defined]
            assert part not in ended
            if what == "done":
                ended.add(part)
                continue
            at = getattr(event, "audio_offset_ms", getattr(event, "frame_index", None))
            assert at is not None
            assert at > last.get(part, -1)
            last[part] = at
        assert last.keys() <= ended

    @staticmethod
    def report_is_right(event: ResponseDone, words: dict[str, str]) -> None:
        for item in msgspec.to_builtins(event.response.output):
            assert item.get("status") not in ("in_progress", "searching")
            for part in item.get("content", []):
                assert (part.get("text") or part.get("transcript") or "") == words.get(item["id"], "")


TestAnyConversation = AnyConversation.TestCase
TestAnyConversation.settings = settings(max_examples=150, stateful_step_count=30)
