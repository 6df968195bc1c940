"""The life of a response, in all three pipelines. Source: behaviour.md 4."""

import json
from collections.abc import Callable

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.protocol.response import ResponseCancel, ResponseCreate
from vlmock.session.readings import parse_readings
from vlmock.session.script import Call, Close, Emit, Error, Fail, Reply, Say, Turn, Wait
from vlmock.session.timing import Timing

Opener = Callable[..., Dialogue]
TEXT_ONLY = {"type": "session.update", "session": {"modalities": ["text"]}}
AZURE_VOICE = {"type": "session.update", "session": {"voice": {"type": "azure-standard", "name": "en-US-AvaNeural"}}}
ITEM_OPENED = ("response.output_item.added", "conversation.item.created", "response.content_part.added")
AUDIO_CLOSED = (
    "response.audio.done",
    "response.audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
)
CALL_MADE = (
    "response.output_item.added",
    "conversation.item.created",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
)


def typed(text: str) -> dict[str, object]:
    content = [{"type": "input_text", "text": text}]
    return {"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": content}}


def tool_output(call_id: str, output: str) -> dict[str, object]:
    item = {"type": "function_call_output", "call_id": call_id, "output": output}
    return {"type": "conversation.item.create", "item": item}


def test_a_typed_turn_is_answered_when_a_response_is_asked_for(dialogue: Dialogue) -> None:
    """Observed {PAI}: creating an item never starts a response."""
    dialogue.client(typed("Hi there")).server("conversation.item.created").wait(60).server()
    dialogue.client(ResponseCreate())
    assert dialogue.script.turns[0].text == "Hi there"
    assert dialogue.last("response.audio_transcript.done").transcript == "Hi there"


def test_cascade_says_the_transcript_before_the_audio(open_dialogue: Opener) -> None:
    """Observed {FON, NB04}: behaviour 4.1."""
    dialogue = open_dialogue(script=PlannedScript([[Say("One two three four five six seven eight nine.")]])).skip()
    dialogue.client(ResponseCreate()).server(
        "response.created",
        *ITEM_OPENED,
        "response.audio_transcript.delta",
        "response.audio.delta",
        *AUDIO_CLOSED,
        "response.done",
    )


def test_native_interleaves_transcript_and_audio_and_ends_with_audio(open_dialogue: Opener) -> None:
    """Observed {PAI}: both alternate in small runs."""
    script = PlannedScript([[Say("One two three four five six seven eight nine.")]])
    dialogue = open_dialogue(model="gpt-realtime", script=script).skip()
    dialogue.client(ResponseCreate())
    deltas = [kind for kind in dialogue.types if kind.endswith(".delta")]
    assert deltas[:5] == ["response.audio_transcript.delta"] * 4 + ["response.audio.delta"]
    assert deltas[-1] == "response.audio.delta"
    assert "response.audio_transcript.delta" in deltas[5:]


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
def test_deltas_add_up_to_what_done_reports(open_dialogue: Opener, model: str) -> None:
    """Observed {NETT}: to the character."""
    words = "Well, 12 degrees — «Łódź» is  cold! 北京 too.\nReally?"
    dialogue = open_dialogue(model=model, script=PlannedScript([[Say(words), Say("Bye.")]])).skip()
    dialogue.client(ResponseCreate())
    said = "".join(event.delta for event in dialogue.all("response.audio_transcript.delta"))
    assert said == dialogue.last("response.audio_transcript.done").transcript == f"{words} Bye."
    assert dialogue.last("response.done").response.output[0].content[0].transcript == said


@pytest.mark.parametrize(
    ("update", "lengths_ms"),
    [(None, [200, 300, 500, 500]), (AZURE_VOICE, [200, 300, 500, 500]), ({}, [250, 250, 250, 250])],
)
def test_audio_is_cut_as_the_service_cuts_it(
    open_dialogue: Opener, update: dict[str, object] | None, lengths_ms: list[int]
) -> None:
    """Observed {FON}: 200, 300, then 500 ms from Azure voices; {PAI}: about 250 ms from OpenAI voices."""
    script = PlannedScript([[Say("x" * 40)]])  # 2,400 ms
    dialogue = open_dialogue(model="gpt-4.1" if update is None else "gpt-realtime", script=script)
    if update:
        dialogue.client(update)
    dialogue.skip().client(ResponseCreate())
    sizes = [_byte_count(event) for event in dialogue.all("response.audio.delta")]
    assert [size / 48 for size in sizes][:4] == lengths_ms
    assert sum(sizes) == 2400 * 48


def test_audio_is_cut_as_older_services_cut_it(open_dialogue: Opener) -> None:
    """Observed {NB04}: HD voices in 2025 sent 4096 bytes at most, in groups of 12000 bytes first and up to 43200."""
    script = PlannedScript([[Say("x" * 40)]])
    dialogue = open_dialogue(model="gpt-4.1", script=script, readings=parse_readings({"audio_deltas": "4096_bytes"}))
    dialogue.skip().client(ResponseCreate())
    sizes = [_byte_count(event) for event in dialogue.all("response.audio.delta")]
    groups = [[4096] * 2 + [3808], [4096] * 5 + [3520], [4096] * 10 + [2240], [4096] * 8 + [3232]]
    assert sizes == [size for group in groups for size in group]
    assert [sum(group) for group in groups] == [12_000, 24_000, 43_200, 36_000]


def test_a_voice_of_openai_is_cut_in_one_way(open_dialogue: Opener) -> None:
    """No source has it otherwise."""
    dialogue = open_dialogue(
        model="gpt-realtime",
        script=PlannedScript([[Say("x" * 40)]]),
        readings=parse_readings({"audio_deltas": "4096_bytes"}),
    )
    dialogue.skip().client(ResponseCreate())
    assert _byte_count(dialogue.all("response.audio.delta")[0]) == 250 * 48


def _byte_count(event: ResponseAudioDelta) -> int:
    text = bytes(event.delta)  # prepared JSON: the base64 between quotes
    return len(text[1:-1]) * 3 // 4 - text.count(b"=")


@pytest.mark.parametrize(("model", "quirk"), [("gpt-4.1", "Hello there"), ("gpt-realtime", "")])
def test_a_text_response_has_no_sound(open_dialogue: Opener, model: str, quirk: str) -> None:
    """Observed {PAI}: text deltas only; natively the part in ``content_part.done`` is empty."""
    dialogue = open_dialogue(model=model, script=PlannedScript([[Say("Hello there")]])).client(TEXT_ONLY).skip()
    dialogue.client(ResponseCreate()).server(
        "response.created",
        *ITEM_OPENED,
        "response.text.delta",
        "response.text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    )
    assert dialogue.last("response.content_part.done").part.text == quirk
    assert dialogue.last("response.output_item.done").item.content[0].text == "Hello there"
    assert dialogue.requests == []


def test_a_function_call_is_announced_written_and_done(open_dialogue: Opener) -> None:
    """Observed {PAI, FON, NETT}: behaviour 4.4."""
    script = PlannedScript([[Call("get_weather", '{"city": "London"}')]])
    dialogue = open_dialogue(model="gpt-realtime", script=script).skip()
    dialogue.client(ResponseCreate()).server("response.created", *CALL_MADE, "response.done")
    done = dialogue.last("response.function_call_arguments.done")
    assert json.loads(done.arguments) == {"city": "London"}
    assert "".join(e.delta for e in dialogue.all("response.function_call_arguments.delta")) == done.arguments
    dialogue.client(tool_output(done.call_id, "12 degrees"), ResponseCreate())
    returned = dialogue.script.turns[1].tool_outputs[0]
    assert (returned.name, returned.output, returned.arguments) == ("get_weather", "12 degrees", done.arguments)
    echo = next(e for e in dialogue.all("conversation.item.created") if e.item.id == returned.item_id)
    assert echo.previous_item_id == done.item_id


def test_a_call_beside_words_is_done_before_their_sound(open_dialogue: Opener) -> None:
    """Observed {FON}, cascade: transcript, call, audio; the message is done last; the call follows the user item."""
    script = PlannedScript([[Say("I will look that up."), Call("get_weather", "{}"), Call("get_time", "{}")]])
    dialogue = open_dialogue(script=script).client(typed("Weather?")).skip()
    dialogue.client(ResponseCreate()).server(
        "response.created",
        *ITEM_OPENED,
        "response.audio_transcript.delta",
        *CALL_MADE,
        *CALL_MADE,
        "response.audio.delta",
        *AUDIO_CLOSED,
        "response.done",
    )
    user, message, *calls = dialogue.all("conversation.item.created")
    assert {event.previous_item_id for event in (message, *calls)} == {user.item.id}
    output = dialogue.last("response.done").response.output
    assert [item.type for item in output] == ["message", "function_call", "function_call"]


def test_a_second_response_is_refused_while_one_is_active(open_dialogue: Opener) -> None:
    """Observed {VIBE, ILA}: the running one goes on, the refused one leaves no trace."""
    dialogue = open_dialogue(timing=Timing({"llm_first": 1000.0})).skip()
    dialogue.client(ResponseCreate(), ResponseCreate(event_id="second")).server("response.created", "error")
    error = dialogue.last("error").error
    assert (error.code, error.event_id) == ("conversation_already_has_active_response", "second")
    assert dialogue.last("response.created").response.id in error.message
    dialogue.wait(60)
    assert len(dialogue.all("response.done")) == 1


def test_cancel_keeps_what_was_already_spoken(open_dialogue: Opener) -> None:
    """A cancelled response ends at once and never sends another delta."""
    dialogue = open_dialogue(timing=Timing({"audio_speed": 1.0}), script=PlannedScript([[Say("word " * 50)]])).skip()
    dialogue.client(ResponseCreate()).wait(0.6).skip()
    dialogue.client(ResponseCancel()).server(*AUDIO_CLOSED, "response.done")
    done = dialogue.last("response.done").response
    assert (done.status, done.status_details.reason) == ("cancelled", "client_cancelled")
    assert done.usage.output_token_details.audio_tokens == 20  # 200 + 300 + 500 ms were generated by then
    dialogue.wait(60).server()


def test_cancel_with_nothing_active_is_refused(dialogue: Dialogue) -> None:
    """Observed {VIBE}."""
    dialogue.client(ResponseCancel(event_id="c1")).server("error")
    assert dialogue.last("error").error.code == "response_cancel_not_active"
    assert dialogue.last("error").error.event_id == "c1"


def test_cancel_of_another_response_is_refused(open_dialogue: Opener) -> None:
    """Documented: ``response_id`` names the response to cancel."""
    dialogue = open_dialogue(timing=Timing({"llm_first": 1000.0})).skip()
    dialogue.client(ResponseCreate(), ResponseCancel(response_id="resp_other")).server("response.created", "error")
    dialogue.client(ResponseCancel(response_id=dialogue.last("response.created").response.id)).server("response.done")


def test_cancel_previous_ends_the_active_response_first(open_dialogue: Opener) -> None:
    """Documented (schema B1): the running generation is aborted, then the new one begins."""
    dialogue = open_dialogue(timing=Timing({"llm_first": 1000.0, "cancel": 300.0})).skip()
    dialogue.client(ResponseCreate()).server("response.created")
    dialogue.client({"type": "response.create", "response": {"cancel_previous": True}}).server()
    dialogue.wait(0.31).server("response.done", "response.created")


def test_nothing_is_said_after_a_close(open_dialogue: Opener) -> None:
    """Neither by the reply nor in answer to the client."""
    dialogue = open_dialogue(script=PlannedScript([[Say("Bye."), Close(1000), Say("Still here?")]])).skip()
    dialogue.client(ResponseCreate()).skip().client(ResponseCreate()).wait(60).server()
    assert dialogue.session.next_deadline() is None


def test_waiting_after_the_last_words_does_not_hold_the_message_open(open_dialogue: Opener) -> None:
    """``say, wait, close``: the message is done before the wait."""
    dialogue = open_dialogue(script=PlannedScript([[Say("Bye."), Wait(2.0), Close()]])).skip()
    dialogue.client(ResponseCreate())
    assert dialogue.all("response.output_item.done")
    assert dialogue.closed is None
    assert dialogue.wait(2.0).closed is not None


def test_the_steps_of_a_reply_happen_in_their_order(open_dialogue: Opener) -> None:
    """A reply may wait, send any event, report an error, and close."""
    steps = [
        Say("One."),
        Wait(2.0),
        Say("Two."),
        Emit({"type": "rate_limits.updated", "rate_limits": []}),
        Error("odd", code="odd_code"),
        Close(4000, "enough"),
    ]
    dialogue = open_dialogue(script=PlannedScript([steps])).skip()
    dialogue.client(ResponseCreate())
    assert "".join(e.delta for e in dialogue.all("response.audio_transcript.delta")) == "One."
    dialogue.wait(2)
    assert dialogue.last("response.audio_transcript.done").transcript == "One. Two."
    assert dialogue.raw[0]["type"] == "rate_limits.updated"
    assert dialogue.raw[0]["event_id"].startswith("event_")
    assert dialogue.last("error").error.code == "odd_code"
    assert dialogue.closed is not None
    assert dialogue.closed.code == 4000


def test_a_reply_may_fail(open_dialogue: Opener) -> None:
    """Assumed {OAI}: status failed, with the error inside; what was open is closed."""
    dialogue = open_dialogue(script=PlannedScript([[Say("Wait"), Fail("Too busy", code="rate_limit_exceeded")]])).skip()
    dialogue.client(ResponseCreate())
    done = dialogue.last("response.done").response
    assert done.status == "failed"
    assert done.status_details.error["code"] == "rate_limit_exceeded"
    assert dialogue.client(ResponseCreate()).last("response.done").response.status == "completed"


def test_speech_that_cannot_be_made_fails_the_response_and_says_why(open_dialogue: Opener) -> None:
    """A missing WAV is reported where the client can see it, and nothing hangs."""
    dialogue = open_dialogue(script=PlannedScript([[Say("Hm", audio="gone.wav")]])).skip()
    dialogue.hold_speech = True
    dialogue.client(ResponseCreate())
    dialogue._perform(dialogue.session.speech_failed(dialogue.held[0].key, "gone.wav: no such file", dialogue.now))
    assert "gone.wav" in dialogue.last("response.done").response.status_details.error["message"]


@pytest.mark.parametrize(
    ("name", "encoding", "rate_hz"),
    [
        ("g711_ulaw", "g711_ulaw", 8_000),
        ("g711_alaw", "g711_alaw", 8_000),
        ("pcm16_8000hz", "pcm16", 8_000),
        ("pcm16_16000hz", "pcm16", 16_000),
        ("pcm16_48000hz", "pcm16", 48_000),
    ],
)
def test_speech_comes_in_the_format_of_the_session(
    open_dialogue: Opener, name: str, encoding: str, rate_hz: int
) -> None:
    """Documented and Observed {SDKT}: schema F."""
    dialogue = open_dialogue().client({"type": "session.update", "session": {"output_audio_format": name}}).skip()
    dialogue.client(ResponseCreate())
    assert dialogue.requests[0].format == AudioFormat(encoding, rate_hz)


def test_usage_counts_seconds_of_audio(open_dialogue: Opener) -> None:
    """Observed {FON}: 10 tokens a second in, 20 a second out; the total is the sum."""
    dialogue = open_dialogue(script=PlannedScript([[Say("x" * 50)]])).skip()  # 3 s
    dialogue.client(ResponseCreate())
    usage = dialogue.last("response.done").response.usage
    assert usage.output_token_details.audio_tokens == 60
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.input_tokens == usage.input_token_details.text_tokens + usage.input_token_details.audio_tokens


def test_the_same_seed_gives_the_same_conversation(open_dialogue: Opener) -> None:
    """Timing is drawn from dice that come from outside."""

    def times(seed: int) -> list[float]:
        import random

        timing = Timing("cascade", random.Random(seed).random)
        dialogue = open_dialogue(timing=timing).client(ResponseCreate()).wait(20)
        return dialogue.times

    assert times(1) == times(1)
    assert times(1) != times(2)


def test_the_first_word_comes_when_the_profile_says(open_dialogue: Opener) -> None:
    """A profile of one's own: 500 ms to the first item, 200 ms more to the first sound, ten times real time."""
    timing = Timing({"llm_first": 500.0, "tts_first": 200.0, "audio_speed": 10.0})
    dialogue = open_dialogue(timing=timing, script=PlannedScript([[Say("x" * 50)]])).skip()  # 3 s of speech
    start = dialogue.now
    dialogue.client(ResponseCreate()).wait(10)
    when = dict(zip(reversed(dialogue.types), reversed(dialogue.times), strict=True))  # the first of each type
    assert when["response.created"] == start
    assert when["response.output_item.added"] == pytest.approx(start + 0.5)
    assert when["response.audio.delta"] == pytest.approx(start + 0.7)
    assert when["response.done"] == pytest.approx(start + 0.7 + 0.3)


def test_a_script_sees_the_whole_turn(dialogue: Dialogue) -> None:
    """What was said, what is offered, what went before."""
    tools = [{"type": "function", "name": "get_weather"}]
    dialogue.client({"type": "session.update", "session": {"instructions": "Be kind.", "tools": tools}})
    dialogue.client(typed("One"), typed("two"), ResponseCreate(), typed("three"), ResponseCreate())
    first, second = dialogue.script.turns
    assert (first.number, first.text, first.instructions) == (1, "One two", "Be kind.")
    assert (second.number, second.text, len(second.history)) == (2, "three", 4)
    assert isinstance(first, Turn)
    assert isinstance(Reply(), Reply)
