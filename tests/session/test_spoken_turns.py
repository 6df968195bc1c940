"""From sound to item, in all three pipelines. Source: behaviour.md 3.3 to 3.5."""

from collections.abc import Callable

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from tests.session.exchanges import AUDIO_REPLY, HEARD, TRANSCRIBED, update
from tests.session.sounds import silence, utterance, voice
from vlmock.protocol.input_audio import InputAudioBufferClear, InputAudioBufferCommit
from vlmock.protocol.response import ResponseCreate
from vlmock.session.script import Expectation, Say
from vlmock.session.timing import Timing, Uniform

Opener = Callable[..., Dialogue]


def test_cascade_announces_the_item_after_its_transcript(open_dialogue: Opener) -> None:
    """Observed {FON, NB04}: committed, transcript, item with the transcript, response."""
    dialogue = open_dialogue(script=PlannedScript(heard=["What is the weather?"])).skip()
    dialogue.speak(utterance()).server(*HEARD, TRANSCRIBED, "conversation.item.created", *AUDIO_REPLY)
    assert dialogue.last(TRANSCRIBED).transcript == "What is the weather?"
    user_item = dialogue.all("conversation.item.created")[0].item
    assert (user_item.status, user_item.content[0].transcript) == ("completed", "What is the weather?")
    assistant = dialogue.last("response.output_item.added").item
    assert (assistant.id[:4], assistant.status) == ("msg_", "incomplete")


def test_native_announces_the_item_at_once_and_without_transcript(open_dialogue: Opener) -> None:
    """Observed {PAI}: committed, item with transcript null, item done, response; no transcript unless asked for."""
    dialogue = open_dialogue(model="gpt-realtime").skip()
    dialogue.speak(utterance())
    dialogue.server(*HEARD, "conversation.item.created", "conversation.item.done", *AUDIO_REPLY)
    assert dialogue.all("conversation.item.created")[0].item.content[0].transcript is None
    assert dialogue.last("response.output_item.added").item.status == "in_progress"


def test_native_sends_a_transcript_that_was_asked_for_beside_the_response(open_dialogue: Opener) -> None:
    """Observed {PAI}: whisper's text comes as one delta, then completed."""
    dialogue = open_dialogue(model="gpt-realtime", script=PlannedScript(heard=["Cześć."]))
    dialogue.client(update(input_audio_transcription={"model": "whisper-1"})).skip()
    dialogue.speak(utterance())
    kinds = dialogue.types
    assert kinds.index("conversation.item.input_audio_transcription.delta") + 1 == kinds.index(TRANSCRIBED)
    assert dialogue.last(TRANSCRIBED).transcript == "Cześć."
    assert kinds.index(TRANSCRIBED) > kinds.index("conversation.item.created")


def test_hybrid_has_no_item_done_and_no_delta(open_dialogue: Opener) -> None:
    """Observed {FON}: a realtime brain with an Azure voice."""
    voice_setting = {"type": "azure-standard", "name": "en-US-AvaNeural"}
    dialogue = open_dialogue(model="gpt-realtime").client(update(voice=voice_setting)).skip()
    dialogue.speak(utterance()).server(*HEARD, "conversation.item.created", *AUDIO_REPLY)
    assert dialogue.last("response.output_item.added").item.id.startswith("item_")


def test_the_item_named_at_the_onset_is_the_one_that_is_committed(dialogue: Dialogue) -> None:
    """Observed {FON}: ``item_id`` in ``speech_started`` names the user item to come."""
    dialogue.speak(utterance())
    ids = {dialogue.last(kind).item_id for kind in HEARD} | {dialogue.all("conversation.item.created")[0].item.id}
    assert len(ids) == 1


@pytest.mark.parametrize("piece_ms", [20, 100, 5000])
def test_the_size_of_the_appends_changes_nothing(open_dialogue: Opener, piece_ms: int) -> None:
    """The same sound gives the same figures however it arrives."""
    dialogue = open_dialogue().skip()
    dialogue.speak(utterance(), piece_bytes=piece_ms * 48)
    whole = open_dialogue().skip().speak(utterance())
    for kind, member in (("speech_started", "audio_start_ms"), ("speech_stopped", "audio_end_ms")):
        event = f"input_audio_buffer.{kind}"
        assert getattr(dialogue.last(event), member) == getattr(whole.last(event), member)


def test_audio_time_goes_on_over_turns_and_format_changes(open_dialogue: Opener) -> None:
    """Observed {FON}: times count what was appended in this session."""
    dialogue = open_dialogue().client(update(turn_detection={"type": "server_vad"})).skip()
    dialogue.speak(utterance())
    first = dialogue.last("input_audio_buffer.speech_started").audio_start_ms
    dialogue.speak(utterance())
    second = dialogue.last("input_audio_buffer.speech_started").audio_start_ms
    assert second - first == pytest.approx(2300, abs=32)


def test_create_response_false_stops_after_the_item(open_dialogue: Opener) -> None:
    """Observed {VIBE, DAN}: everything but the response still happens; the client then asks for it."""
    dialogue = open_dialogue()
    dialogue.client(update(turn_detection={"type": "server_vad", "create_response": False})).skip()
    dialogue.speak(utterance()).server(*HEARD, TRANSCRIBED, "conversation.item.created")
    dialogue.client(ResponseCreate()).server(*AUDIO_REPLY)
    assert dialogue.script.turns[0].text == "Hello."


def test_speech_that_resumes_before_the_transcript_gets_one_response(open_dialogue: Opener) -> None:
    """Observed {NB04}, cascade: transcript and item for both stretches, one response after the second."""
    dialogue = open_dialogue(timing=Timing({"stt": 400.0}), script=PlannedScript(heard=["One", "two"])).skip()
    dialogue.client(update(turn_detection={"type": "server_vad", "silence_duration_ms": 200})).skip()
    dialogue.speak(utterance(600, after_ms=350), piece_bytes=960, real_time=True)
    dialogue.speak(voice(600) + silence(800), piece_bytes=960, real_time=True).wait(1)
    assert len(dialogue.all(TRANSCRIBED)) == 2
    assert len(dialogue.all("response.created")) == 1
    assert dialogue.script.turns[0].text == "One two"


def test_an_unfinished_utterance_is_waited_for(open_dialogue: Opener) -> None:
    """Documented {DOC}: end-of-utterance detection waits ``timeout_ms`` more before it gives up."""
    ends = []
    for complete in (True, False):
        script = PlannedScript()
        script.expectations.append(Expectation(complete=complete))
        dialogue = open_dialogue(script=script)
        eou = {"model": "semantic_detection_v1", "timeout_ms": 700}
        detection = {"type": "azure_semantic_vad", "end_of_utterance_detection": eou}
        dialogue.client(update(turn_detection=detection)).skip()
        dialogue.speak(utterance(after_ms=2500))
        ends.append(dialogue.last("input_audio_buffer.speech_stopped").audio_end_ms)
    assert ends[1] - ends[0] == pytest.approx(700, abs=32)


@pytest.mark.parametrize("removes", [True, False])
def test_a_filler_is_no_turn_when_the_session_removes_them(open_dialogue: Opener, removes: bool) -> None:
    """Observed {SDKT}: a filler-only clip produces no ``speech_started``."""
    script = PlannedScript()
    script.expectations.append(Expectation(filler=True))
    dialogue = open_dialogue(script=script)
    dialogue.client(update(turn_detection={"type": "azure_semantic_vad", "remove_filler_words": removes})).skip()
    dialogue.speak(utterance(500))
    assert bool(dialogue.all("input_audio_buffer.speech_started")) is not removes
    assert script.skipped_fillers == int(removes)


def test_barge_in_closes_what_is_open_and_cancels(open_dialogue: Opener) -> None:
    """Observed {NB04, FON}: what is open gets its done events, the response ends cancelled, turn_detected."""
    dialogue = open_dialogue(timing=Timing("cascade"), script=PlannedScript([[Say("word " * 200)]])).skip()
    dialogue.client(ResponseCreate()).wait(1.5).skip()
    dialogue.speak(voice(600), piece_bytes=960)
    spoken_ms = dialogue.session._state.response.output_audio_ms  # type: ignore[union-attr]
    dialogue.wait(2)
    cut = dialogue.types[dialogue.types.index("input_audio_buffer.speech_started") :]
    assert cut == [
        "input_audio_buffer.speech_started",
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    done = dialogue.last("response.done").response
    assert (done.status, done.status_details.reason) == ("cancelled", "turn_detected")
    assert done.output[0].status == "incomplete"
    assert spoken_ms > 0


def test_barge_in_before_any_output_gives_only_done(open_dialogue: Opener) -> None:
    """Observed {NB04}: ``output: []``, nothing else."""
    dialogue = open_dialogue(timing=Timing({"llm_first": 5000.0})).skip()
    dialogue.client(ResponseCreate()).server("response.created")
    dialogue.speak(voice(600)).server("input_audio_buffer.speech_started", "response.done")
    done = dialogue.last("response.done").response
    assert (done.output, done.usage.total_tokens) == ([], 0)


def test_late_barge_in_cancels_nothing(open_dialogue: Opener) -> None:
    """Observed {S06, FON}: the response was done long before it was heard; only ``speech_started`` comes."""
    dialogue = open_dialogue().skip()
    dialogue.client(ResponseCreate()).server(*AUDIO_REPLY)
    dialogue.speak(voice(600)).server("input_audio_buffer.speech_started")


def test_interrupt_response_false_lets_the_response_go_on(open_dialogue: Opener) -> None:
    """Documented {DOC}: the response runs to its end; the next one comes after it."""
    dialogue = open_dialogue(timing=Timing({"llm_first": 3000.0}))
    dialogue.client(update(turn_detection={"type": "server_vad", "interrupt_response": False})).skip()
    dialogue.client(ResponseCreate())
    dialogue.speak(utterance())
    assert len(dialogue.all("response.created")) == 1
    dialogue.wait(10)
    assert [done.response.status for done in dialogue.all("response.done")] == ["completed", "completed"]


def test_a_turn_by_hand_waits_for_its_transcript_in_cascade(open_dialogue: Opener) -> None:
    """Observed {FON, NETT}: committed and transcript together, then the item; no response by itself."""
    dialogue = open_dialogue(timing=Timing({"stt": 300.0})).client(update(turn_detection=None)).skip()
    dialogue.speak(utterance()).server()
    dialogue.client(InputAudioBufferCommit()).server()
    dialogue.wait(0.29).server()
    dialogue.wait(0.02).server("input_audio_buffer.committed", TRANSCRIBED, "conversation.item.created")
    dialogue.wait(60).server()


def test_a_response_asked_for_right_after_a_commit_waits_for_the_transcript(open_dialogue: Opener) -> None:
    """Observed {FON}: cascade answers the words, so it needs them first."""
    dialogue = open_dialogue(timing=Timing({"stt": 300.0})).client(update(turn_detection=None)).skip()
    dialogue.speak(utterance()).client(InputAudioBufferCommit(), ResponseCreate()).server()
    dialogue.wait(0.31)
    dialogue.server("input_audio_buffer.committed", TRANSCRIBED, "conversation.item.created", *AUDIO_REPLY)


def test_a_turn_by_hand_is_committed_at_once_on_a_realtime_brain(open_dialogue: Opener) -> None:
    """Observed {OAI}: committed, then the item."""
    dialogue = open_dialogue(model="gpt-realtime", api_version="2025-10-01")
    dialogue.client(update(turn_detection=None)).skip()
    dialogue.speak(utterance()).client(InputAudioBufferCommit())
    dialogue.server("input_audio_buffer.committed", "conversation.item.created")


@pytest.mark.parametrize("held_ms", [0, 99])
def test_a_commit_of_almost_nothing_is_refused(open_dialogue: Opener, held_ms: int) -> None:
    """Observed {STTX}: under 100 ms; the session goes on."""
    dialogue = open_dialogue().client(update(turn_detection=None)).skip()
    if held_ms:
        dialogue.speak(silence(held_ms))
    dialogue.client(InputAudioBufferCommit(event_id="mine")).server("error")
    error = dialogue.last("error").error
    assert (error.code, error.event_id) == ("input_audio_buffer_commit_empty", "mine")
    assert f"buffer only has {held_ms}.00ms of audio." in error.message


def test_clear_forgets_a_turn_that_is_being_spoken(dialogue: Dialogue) -> None:
    """Observed {NETT}: cleared; what was said never becomes an item."""
    dialogue.speak(silence(300) + voice(600)).server("input_audio_buffer.speech_started")
    dialogue.client(InputAudioBufferClear()).server("input_audio_buffer.cleared")
    dialogue.speak(silence(2000)).wait(10).server()
    assert dialogue.script.spoken == []


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (b'{"type":"input_audio_buffer.append","audio":""}', "empty"),
        (b'{"type":"input_audio_buffer.append","audio":"AAAA"}', "16-bit"),
        (b'{"type":"input_audio_buffer.append","audio":"?!"}', "Invalid 'audio'"),
    ],
)
def test_audio_that_is_none_is_refused(dialogue: Dialogue, frame: bytes, words: str) -> None:
    """Assumed {OAI}: ``invalid_value`` about ``audio``; the session goes on."""
    dialogue.frame(frame).server("error")
    error = dialogue.last("error").error
    assert (error.code, error.param) == ("invalid_value", "audio")
    assert words in error.message


def test_more_than_fifteen_mebibytes_in_one_append_are_refused(dialogue: Dialogue) -> None:
    """Documented {DOC}: the bound. Assumed: the error, and that the session goes on."""
    dialogue.speak(bytes(15 * 2**20 + 2)).server("error")
    assert dialogue.last("error").error.code == "invalid_value"
    dialogue.client(ResponseCreate()).server(*AUDIO_REPLY)


def test_speech_that_is_late_holds_back_what_the_user_said_next(open_dialogue: Opener) -> None:
    """Making sound takes no time on the session's clock, so the first turn is answered before the second is heard."""
    dialogue = open_dialogue().skip()
    dialogue.hold_speech = True
    dialogue.speak(utterance() + utterance())
    assert len(dialogue.all("input_audio_buffer.speech_started")) == 1
    dialogue.release_speech()
    assert [done.response.status for done in dialogue.all("response.done")] == ["completed", "completed"]


@pytest.mark.parametrize(
    "event", [update(turn_detection=None), {"type": "input_audio_buffer.clear"}, {"type": "input_audio_buffer.commit"}]
)
def test_speech_that_was_held_back_is_forgotten_with_its_sound(open_dialogue: Opener, event: dict[str, object]) -> None:
    """Switched off, cleared or committed meanwhile: no turn comes of it later."""
    dialogue = open_dialogue()
    dialogue.hold_speech = True
    dialogue.client(ResponseCreate()).speak(utterance()).client(event).release_speech()
    assert dialogue.all("input_audio_buffer.speech_started") == []
    assert dialogue.last("response.done").response.status == "completed"


def test_two_utterances_in_one_append_keep_their_order(open_dialogue: Opener) -> None:
    """Observed {SDKT}: a whole file in one event; each turn starts, stops and is committed before the next starts."""
    dialogue = open_dialogue(timing=Timing({"stop_detect": 60.0, "stt": 300.0})).skip()
    dialogue.speak(utterance() + utterance()).wait(60)
    heard = [event for event in dialogue.events if event.type in HEARD]
    assert [event.type for event in heard] == [*HEARD, *HEARD]
    first, second = (event for event in heard if event.type == HEARD[2])
    assert (first.previous_item_id, second.previous_item_id) == (None, first.item_id)  # type: ignore[attr-defined]


def test_transcripts_of_a_cascade_come_in_the_order_of_the_turns(open_dialogue: Opener) -> None:
    """Assumed: recognition is one stream; each turn gets the words that were meant for it."""
    delays = iter([0.99] * 12 + [0.01] * 12)
    timing = Timing({"stt": Uniform(10, 3000)}, lambda: next(delays, 0.5))
    dialogue = open_dialogue(timing=timing, script=PlannedScript(heard=["one", "two"])).skip()
    dialogue.speak(utterance() + utterance()).wait(60)
    items = [event.item for event in dialogue.all("conversation.item.created") if event.item.role == "user"]
    assert [item.content[0].transcript for item in items] == ["one", "two"]


def test_a_turn_by_hand_does_not_overtake_one_whose_end_is_still_to_be_told(open_dialogue: Opener) -> None:
    """Assumed: transcripts come in the order of the turns, whoever ended them."""
    timing = Timing({"stop_detect": 100, "stt": 300})
    dialogue = open_dialogue(timing=timing, script=PlannedScript(heard=["First.", "Second."])).skip()
    dialogue.speak(voice(700) + silence(400)).wait(0.05)
    dialogue.speak(silence(200)).client(InputAudioBufferCommit()).wait(2)
    assert [event.transcript for event in dialogue.all(TRANSCRIBED)] == ["First.", "Second."]
    first, second = (e for e in dialogue.all("conversation.item.created") if e.item.role == "user")
    assert second.previous_item_id == first.item.id


def test_a_removed_filler_does_not_keep_a_turn_from_being_answered(open_dialogue: Opener) -> None:
    """Observed {SDKT}: a filler is no turn, so the turn before it gets its response."""
    script = PlannedScript(heard=["Real words."])
    script.expectations.extend([Expectation(), Expectation(filler=True)])
    dialogue = open_dialogue(timing=Timing({"stt": 900.0}), script=script)
    dialogue.client(update(turn_detection={"type": "azure_semantic_vad", "remove_filler_words": True})).skip()
    dialogue.speak(utterance(), piece_bytes=960, real_time=True)
    dialogue.speak(voice(700) + silence(900), piece_bytes=960, real_time=True).wait(5)
    assert [turn.text for turn in script.turns] == ["Real words."]


def test_a_turn_is_answered_when_the_user_is_cleared_away(open_dialogue: Opener) -> None:
    """The user spoke on, then the client cleared the buffer: what was said before still asks for its response."""
    dialogue = open_dialogue(timing=Timing({"stt": 900.0})).skip()
    dialogue.speak(utterance(), piece_bytes=960, real_time=True)
    dialogue.speak(voice(1200), piece_bytes=960, real_time=True)
    assert dialogue.all("response.created") == []
    dialogue.client(InputAudioBufferClear()).wait(5)
    assert len(dialogue.all("response.created")) == 1


def test_a_response_that_had_to_wait_does_not_begin_while_the_user_speaks(open_dialogue: Opener) -> None:
    """Observed {NB04}: one response follows the last stretch of speech."""
    dialogue = open_dialogue(timing=Timing({"llm_first": 3500.0}))
    dialogue.client(update(turn_detection={"type": "server_vad", "interrupt_response": False})).skip()
    dialogue.client(ResponseCreate())
    dialogue.speak(utterance(), piece_bytes=960, real_time=True)  # asks for a response; the first one is still thinking
    dialogue.speak(voice(2500), piece_bytes=960, real_time=True)  # the first one ends meanwhile
    assert len(dialogue.all("response.done")) == 1
    assert len(dialogue.all("response.created")) == 1
    dialogue.speak(silence(900), piece_bytes=960, real_time=True).wait(10)
    assert len(dialogue.all("response.created")) == 2


def test_a_format_that_changes_in_mid_turn_forgets_the_turn(open_dialogue: Opener) -> None:
    """Assumed: its sound is no longer sound; the next turn is heard in the new format."""
    dialogue = open_dialogue().speak(silence(300) + voice(700)).skip()
    dialogue.client(update(input_audio_format="g711_ulaw")).server("session.updated")
    assert dialogue.session._state.speaking is None
    dialogue.speak(bytes([0xFF]) * 24_000).server()


def test_a_typed_item_between_commit_and_transcript_comes_first(open_dialogue: Opener) -> None:
    """The place of a turn is decided when its item is there."""
    dialogue = open_dialogue(timing=Timing({"stt": 300.0})).client(update(turn_detection=None)).skip()
    content = [{"type": "input_text", "text": "Meanwhile"}]
    item = {"type": "message", "role": "user", "id": "typed", "content": content}
    dialogue.speak(utterance()).client(InputAudioBufferCommit(), {"type": "conversation.item.create", "item": item})
    dialogue.wait(1)
    assert dialogue.last("input_audio_buffer.committed").previous_item_id == "typed"


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
def test_what_is_said_behind_an_update_is_heard_after_its_answer(open_dialogue: Opener, model: str) -> None:
    """Answers keep the order of what they answer, also where a client does not wait for ``session.updated``."""
    dialogue = open_dialogue(model=model, timing=Timing({"updated": 50.0})).skip()
    dialogue.client(update(instructions="Be brief.")).speak(utterance(after_ms=0))
    dialogue.server().wait(1).server("session.updated", "input_audio_buffer.speech_started")
