"""How long the user waits, measured on a clock of our own."""

from typing import Any

import pytest

from tests.client.timed_conversation import T0, Conversation
from vlclient.latency import Percentiles, TurnLatency
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.errors import ErrorDetails, ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferCommit, InputAudioBufferCommitted
from vlmock.protocol.items import MessageItem
from vlmock.protocol.response import ResponseOutputItemAdded
from vlmock.protocol.session import ResponseSession, SessionCreated, SessionUpdated
from vlmock.protocol.turn_detection import (
    AzureSemanticVad,
    AzureSemanticVadMultilingual,
    EndOfUtteranceDetection,
    NoTurnDetection,
    SemanticVad,
    ServerVad,
)


@pytest.fixture
def conversation() -> Conversation:
    return Conversation()


def about(seconds: float) -> Any:
    return pytest.approx(seconds, abs=1e-6)


def test_a_spoken_turn_is_measured_from_the_end_of_speech(conversation):
    """2.5 s of audio less 0.5 s of silence: the user stopped at 2.0 s, whatever happened when."""
    conversation.listen(3.0)
    conversation.starts(0.5)
    conversation.stops(2.7)
    conversation.transcript(2.9)
    conversation.answers(2.95)
    conversation.says(3.1)
    conversation.sounds(3.4)
    conversation.heard(3.5)
    assert conversation.turns == [
        TurnLatency(
            kind="spoken",
            item_id="u1",
            began=about(T0 + 2.0),
            transcript_s=about(0.9),
            response_created_s=about(0.95),
            first_text_s=about(1.1),
            first_audio_s=about(1.4),
            first_heard_s=about(1.5),
        )
    ]


@pytest.mark.parametrize(
    ("detection", "waited_s", "uncertain_s"),
    [
        (ServerVad(silence_duration_ms=200), 0.2, 0.0),
        (ServerVad(silence_duration_ms=0), 0.0, 0.0),
        (ServerVad(), 0.5, 0.0),
        (ServerVad(silence_duration_ms=None), 0.5, 0.0),
        (AzureSemanticVad(silence_duration_ms=300), 0.3, 0.0),
        (
            AzureSemanticVadMultilingual(
                silence_duration_ms=300,
                end_of_utterance_detection=EndOfUtteranceDetection(model="semantic_detection_v1", timeout_ms=2000),
            ),
            0.3,
            2.0,
        ),
        (ServerVad(end_of_utterance_detection=EndOfUtteranceDetection(model="semantic_detection_v1")), 0.5, 1.0),
        (ServerVad(end_of_utterance_detection=None), 0.5, 0.0),
        (SemanticVad(eagerness="high"), 0.0, 2.0),
        (SemanticVad(), 0.0, 4.0),
        (SemanticVad(eagerness="new"), 0.0, 4.0),
        (NoTurnDetection(), 0.5, 0.0),
        (None, 0.5, 0.0),
    ],
)
def test_what_the_detector_waited_is_taken_off(detection, waited_s, uncertain_s):
    """As the service echoed it; what cannot be known is said."""
    conversation = Conversation(detection)
    conversation.listen(3.0)
    conversation.stops(2.7)
    (turn,) = conversation.turns
    assert turn.began == about(T0 + 2.5 - waited_s)
    assert turn.uncertain_s == uncertain_s


@pytest.mark.parametrize(
    ("audio_end_ms", "began"),
    [
        (500 + 10, 0.01),
        (500 + 1000, 1.0),
        (500 + 1010, 6.01),
        (500 + 1500, 6.5),
        (500 + 2000, 7.0),
        (500 + 2100, 7.1),
        (500 + 9000, 7.9),
        (400, -0.1),
    ],
)
def test_audio_time_is_looked_up_among_the_captured_blocks(audio_end_ms, began):
    """The microphone was silenced for five seconds after the first: audio time stood still, the clock did not.

    Beyond the blocks it is as far from the nearest one, and never later than now.
    """
    conversation = Conversation()
    conversation.listen(1.0)
    conversation.listen(1.0, since=6.0)
    conversation.stops(7.9, audio_end_ms)
    assert conversation.turns[0].began == about(T0 + began)


def test_without_any_block_a_turn_begins_when_it_is_reported(conversation):
    """Nobody told of the audio: better short than invented."""
    conversation.stops(2.7)
    assert conversation.turns[0].began == about(T0 + 2.7)


def test_old_blocks_are_let_go(conversation):
    """Two minutes are enough; audio time goes on counting."""
    conversation.listen(300.0)
    conversation.stops(300.0, 299_500)
    assert conversation.turns[0].began == about(T0 + 299.0)
    conversation.stops(300.0, 500, "u0")
    assert conversation.turns[1].began == about(T0)


def test_a_new_session_counts_audio_from_the_beginning(conversation):
    """And has nothing to answer: what was under way is over."""
    conversation.listen(5.0)
    conversation.stops(5.0, 4500, "u1")
    conversation.receive(6.0, SessionCreated(session=ResponseSession()))
    conversation.receive(
        6.1, SessionUpdated(session=ResponseSession(turn_detection=ServerVad(silence_duration_ms=500)))
    )
    conversation.answers(6.5, "greeting")
    conversation.listen(3.0, since=7.0)
    conversation.stops(9.9, 2500, "u2")
    first, second = conversation.turns
    assert (first.response_created_s, first.interrupted) == (None, True)
    assert second.began == about(T0 + 9.0)


def test_a_typed_turn_is_measured_from_its_sending(conversation):
    """Also when the request for an answer had to wait; written answers have no sound."""
    conversation.types(1.0)
    conversation.requests(1.5)
    conversation.answers(2.0)
    conversation.says(2.2, written=True)
    assert conversation.turns == [
        TurnLatency(
            kind="typed",
            item_id=None,
            began=T0 + 1.0,
            response_created_s=about(1.0),
            first_text_s=about(1.2),
        )
    ]


@pytest.mark.parametrize("role", ["system", "assistant"])
def test_what_nobody_waits_for_is_no_turn(conversation, role):
    """A greeting, a system message, and typed history to which no answer is asked."""
    conversation.types(0.5, role)
    conversation.requests(1.0)
    conversation.answers(1.2)
    conversation.heard(1.5)
    conversation.types(2.0)
    conversation.starts(3.0)
    conversation.requests(4.0)
    assert conversation.turns == []


def test_a_turn_committed_by_hand_ends_with_its_last_audio(conversation):
    """The server's word counts: a commit that is refused is no turn."""
    conversation.sent(0.1, InputAudioBufferCommit())
    details = ErrorDetails(message="too small", type="invalid_request_error", code="input_audio_buffer_commit_empty")
    conversation.receive(0.2, ErrorEvent(error=details))
    conversation.receive(0.2, InputAudioBufferCommitted(item_id="u0"))
    conversation.listen(2.0)
    conversation.sent(2.1, InputAudioBufferCommit())
    conversation.requests(2.1)
    conversation.receive(2.5, InputAudioBufferCommitted(item_id="u1"))
    conversation.transcript(2.5)
    conversation.answers(2.6)
    (turn,) = conversation.turns
    assert (turn.kind, turn.item_id, turn.began) == ("committed", "u1", about(T0 + 2.0))
    assert (turn.transcript_s, turn.response_created_s) == (about(0.5), about(0.6))


def test_only_the_first_of_each_counts(conversation):
    """Events that are repeated, more deltas, more parts."""
    conversation.listen(3.0)
    for at in (2.7, 3.7):
        conversation.stops(at)
        conversation.transcript(at + 0.1, "Hello." if at < 3 else "")
        conversation.answers(at + 0.2)
        conversation.says(at + 0.3)
        conversation.sounds(at + 0.4)
        conversation.heard(at + 0.5)
    (turn,) = conversation.turns
    assert (turn.transcript_s, turn.response_created_s) == (about(0.8), about(0.9))
    assert (turn.first_text_s, turn.first_audio_s, turn.first_heard_s) == (about(1.0), about(1.1), about(1.2))


def test_the_time_of_tools_stands_apart(conversation):
    """A turn of two responses: sound counts once, calls that overlap count once."""
    conversation.listen(3.0)
    conversation.stops(2.7)
    conversation.answers(3.0, "r1")
    conversation.calls(3.2, "c1")
    conversation.calls(3.3, "c2")
    conversation.returns(3.7, "c1")
    conversation.returns(4.2, "c2")
    conversation.returns(4.9, "c2")
    conversation.answers(4.4, "r2")
    conversation.calls(4.5, "c3", "r2")
    conversation.returns(4.6, "c3")
    conversation.answers(4.8, "r3")
    conversation.sounds(5.0, "r3")
    conversation.heard(5.1, "r3")
    (turn,) = conversation.turns
    assert (turn.response_created_s, turn.first_heard_s) == (about(1.0), about(3.1))
    assert turn.tools_s == about(1.0 + 0.1)


def test_tools_after_the_first_sound_delay_nothing(conversation):
    """The assistant said that it would look, and looked."""
    conversation.listen(3.0)
    conversation.stops(2.7)
    conversation.answers(3.0)
    conversation.calls(3.2, "c1")
    conversation.sounds(3.4)
    conversation.heard(3.5)
    conversation.calls(3.6, "c2")
    conversation.returns(9.0, "c1")
    conversation.returns(9.0, "c2")
    assert conversation.turns[0].tools_s == about(0.3)


def test_a_barge_in_begins_another_turn(conversation):
    """What is still heard of the old answer belongs to the old turn, known by its response."""
    conversation.listen(10.0)
    conversation.stops(2.7)
    conversation.answers(3.0, "r1")
    conversation.sounds(3.2, "r1")
    conversation.starts(3.3, "u2")
    conversation.heard(3.35, "r1")
    conversation.says(3.4, "r1")
    conversation.stops(5.2, 5000, "u2")
    conversation.answers(5.5, "r2")
    conversation.sounds(5.6, "r1")
    conversation.sounds(5.8, "r2")
    conversation.heard(6.0, "r2")
    first, second = conversation.turns
    assert first.interrupted
    assert (first.first_text_s, first.first_audio_s, first.first_heard_s) == (about(1.4), about(1.2), about(1.35))
    assert not second.interrupted
    assert (second.first_audio_s, second.first_heard_s) == (about(1.3), about(1.5))


def test_a_barge_in_after_the_first_sound_is_no_interruption(conversation):
    """The wait was over by then."""
    conversation.stops(2.7)
    conversation.answers(3.0)
    conversation.sounds(3.2)
    conversation.heard(3.3)
    conversation.starts(3.4, "u2")
    assert not conversation.turns[0].interrupted


def test_speech_resumed_before_an_answer_makes_two_turns_and_one_answer(conversation):
    """Observed {NB04}: cascades answer the second part only; the first keeps its transcript."""
    conversation.listen(5.0)
    conversation.stops(2.7, 2500, "u1")
    conversation.starts(2.8, "u2")
    conversation.transcript(2.9, item_id="u1")
    conversation.answers(3.0, "stray")
    conversation.stops(4.7, 4500, "u2")
    conversation.transcript(4.9, item_id="u2")
    conversation.answers(4.9, "r2")
    first, second = conversation.turns
    assert (first.transcript_s, first.response_created_s, first.interrupted) == (about(0.9), None, True)
    assert (second.transcript_s, second.response_created_s) == (about(0.9), about(0.9))


def test_sound_is_known_by_its_item_before_any_audio_event(conversation):
    """The item of an answer is announced first."""
    conversation.stops(2.7)
    conversation.answers(3.0)
    item = MessageItem(id="item_r1", status="in_progress", role="assistant", content=[])
    conversation.receive(3.1, ResponseOutputItemAdded(response_id="r1", output_index=0, item=item))
    conversation.receive(3.1, ResponseOutputItemAdded(response_id="r1", output_index=1))
    conversation.heard(3.2)
    assert conversation.turns[0].first_heard_s == about(0.5)


def test_what_belongs_to_nothing_known_is_ignored(conversation):
    """Events that are missing leave gaps, not nonsense."""
    conversation.transcript(1.0, item_id="x")
    conversation.says(1.0, "x")
    conversation.sounds(1.0, "x")
    conversation.heard(1.0, "x")
    conversation.calls(1.0, "c", "x")
    conversation.returns(1.0, "c")
    conversation.receive(1.0, UnknownServerEvent("new", None, {}))
    assert conversation.turns == []
    assert conversation.latency.summary().first_heard is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([2.0], Percentiles(count=1, p50=2.0, max=2.0)),
        ([3.0, 1.0], Percentiles(count=2, p50=1.0, max=3.0)),
        ([3.0, 1.0, 2.0], Percentiles(count=3, p50=2.0, max=3.0)),
        (range(1, 11), Percentiles(count=10, p50=5, p90=9, max=10)),
        (range(1, 101), Percentiles(count=100, p50=50, p90=90, p99=99, max=100)),
    ],
)
def test_percentiles_are_values_that_were_measured(values, expected):
    """Nearest rank, and only where there are enough."""
    assert Percentiles.of(values) == expected


def test_the_summary_counts_what_was_measured(conversation):
    """A turn without sound is a turn all the same."""
    conversation.listen(60.0)
    for i in range(12):
        conversation.stops(i + 2.7, i * 1000 + 2500, f"u{i}")
        conversation.answers(i + 3.0, f"r{i}")
        if i == 3:
            conversation.calls(i + 3.0, "c", f"r{i}")
            conversation.returns(i + 3.05, "c")
        if i != 5:
            conversation.sounds(i + 3.0, f"r{i}")
            conversation.heard(i + 3.1 + i / 100, f"r{i}")
    summary = conversation.latency.summary()
    assert summary.turns == 12
    assert summary.transcript is None
    assert summary.response_created == Percentiles(count=12, p50=about(1.0), p90=about(1.0), max=about(1.0))
    assert summary.first_heard == Percentiles(count=11, p50=about(1.16), p90=about(1.2), max=about(1.21))
    assert summary.tools == Percentiles(count=1, p50=about(0.05), max=about(0.05))


def test_memory_of_a_long_conversation_is_bounded(conversation):
    """The last thousand turns."""
    for i in range(5000):
        conversation.stops(i, 0, f"u{i}")
        conversation.answers(i, f"r{i}")
        conversation.sounds(i, f"r{i}")
    assert len(conversation.turns) == 1000
    kept = [conversation.latency._turn_of_item, conversation.latency._turn_of_response]
    assert all(len(turns) <= 4000 for turns in kept)
