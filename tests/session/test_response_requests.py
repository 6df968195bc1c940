"""What a client may ask of one response, and what becomes of it. Source: behaviour.md 4.7, 4.8; schema B1."""

from collections.abc import Callable

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from tests.session.sounds import utterance
from vlmock.protocol.response import ResponseCreate
from vlmock.session.readings import parse_readings
from vlmock.session.script import Call, Say
from vlmock.session.timing import Timing

Opener = Callable[..., Dialogue]
TEXT_ONLY = {"type": "session.update", "session": {"modalities": ["text"]}}


def typed(text: str) -> dict[str, object]:
    content = [{"type": "input_text", "text": text}]
    return {"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": content}}


def test_the_response_says_what_the_pipeline_says(open_dialogue: Opener) -> None:
    """Observed {FON, PAI}: behaviour, fact 1."""
    cascade = open_dialogue().client(ResponseCreate()).last("response.created").response
    assert (cascade.conversation_id, cascade.output_audio_format, cascade.max_output_tokens) == ("", None, None)
    assert cascade.temperature == 0.8
    native = open_dialogue(model="gpt-realtime").client(ResponseCreate()).last("response.created").response
    assert native.conversation_id.startswith("conv_")
    assert (native.output_audio_format, native.max_output_tokens, native.temperature) == ("pcm16", "inf", None)


def test_a_response_may_differ_from_the_session(dialogue: Dialogue) -> None:
    """Observed {VIBE, JOR}: instructions, modalities, tools of this one response; metadata is echoed."""
    params = {
        "modalities": ["text"],
        "instructions": "Be brief.",
        "tools": [{"type": "function", "name": "f"}],
        "tool_choice": "required",
        "temperature": 0.7,
        "metadata": {"k": "v"},
        "max_output_tokens": 77,
    }
    dialogue.client({"type": "response.create", "response": params, "additional_instructions": "Now."})
    turn = dialogue.script.turns[0]
    assert (turn.instructions, turn.tool_choice, turn.tools[0].name) == ("Be brief. Now.", "required", "f")  # type: ignore[union-attr]
    done = dialogue.last("response.done").response
    assert (done.modalities, done.temperature, done.metadata, done.max_output_tokens) == (["text"], 0.7, {"k": "v"}, 77)
    dialogue.client(ResponseCreate())
    assert "audio" in dialogue.last("response.done").response.modalities


def test_an_answer_outside_the_conversation_leaves_no_item(dialogue: Dialogue) -> None:
    """Assumed {OAI}: no items are mirrored, ``conversation_id`` is null."""
    items = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Aside"}]}]
    params = {"conversation": "none", "input_items": items}
    dialogue.client({"type": "response.create", "response": params})
    assert dialogue.all("conversation.item.created") == []
    assert dialogue.last("response.done").response.conversation_id is None
    assert dialogue.script.turns[0].text == "Aside"


def limited_to(tokens: int, member: str = "max_output_tokens") -> dict[str, object]:
    return {"type": "response.create", "response": {member: tokens}}


@pytest.mark.parametrize("member", ["max_output_tokens", "max_response_output_tokens"])
def test_a_limit_has_two_names(dialogue: Dialogue, member: str) -> None:
    """Documented {DOC}: the specification's and the reference's; both are echoed as ``max_output_tokens``."""
    dialogue.client(TEXT_ONLY, typed("one two three"), limited_to(2, member))
    done = dialogue.last("response.done").response
    assert (done.status, done.max_output_tokens, done.output[0].content[0].text) == ("incomplete", 2, "one two")


def test_a_limit_ends_the_response_incomplete(open_dialogue: Opener) -> None:
    """Assumed {OAI}: the words break off, item and response are incomplete; a call that does not fit is not made."""
    steps = [Say("One two three four five six."), Call("never", "{}")]
    dialogue = open_dialogue(script=PlannedScript([steps, steps])).client(TEXT_ONLY, limited_to(3))
    done = dialogue.last("response.done").response
    assert (done.status, done.status_details.reason) == ("incomplete", "max_output_tokens")
    assert [(item.status, item.content[0].text) for item in done.output] == [("incomplete", "One two three")]
    dialogue.client({"type": "session.update", "session": {"max_response_output_tokens": 8}}, ResponseCreate())
    done = dialogue.last("response.done").response
    assert (done.status, [item.status for item in done.output]) == ("incomplete", ["completed"])


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
@pytest.mark.parametrize("limit", [1, 20, 30, 60])
def test_usage_never_exceeds_the_limit(open_dialogue: Opener, model: str, limit: int) -> None:
    """Observed {NETT}: ``output_tokens`` stays within it, speech included."""
    script = PlannedScript([[Say("One two three four five six seven eight nine ten.")]])
    done = open_dialogue(model=model, script=script).client(limited_to(limit)).last("response.done").response
    assert done.status == "incomplete"
    assert done.usage.output_tokens <= limit


def test_a_pre_generated_message_is_spoken_as_it_stands(dialogue: Dialogue) -> None:
    """Observed {VIBE, GOV}: nobody is asked, the input costs nothing, the words join the history."""
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Welcome back!"}]}
    dialogue.client(typed("Hi"))
    dialogue.client({"type": "response.create", "response": {"pre_generated_assistant_message": message}})
    assert dialogue.script.turns == []
    done = dialogue.last("response.done").response
    assert (done.output[0].content[0].transcript, done.usage.input_tokens) == ("Welcome back!", 0)
    dialogue.client(ResponseCreate())
    assert dialogue.script.turns[0].text == "Hi"
    assert len(dialogue.script.turns[0].history) == 2


def test_an_openai_voice_does_not_speak_what_the_client_wrote(open_dialogue: Opener) -> None:
    """Observed {ILA}: it is only added as text."""
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Welcome back!"}]}
    dialogue = open_dialogue(model="gpt-realtime")
    dialogue.client({"type": "response.create", "response": {"pre_generated_assistant_message": message}})
    assert dialogue.all("response.audio.delta") == []
    assert dialogue.last("response.text.done").text == "Welcome back!"


def test_appended_items_join_the_conversation(dialogue: Dialogue) -> None:
    """Documented (schema B1): context that comes with the request; an id that is taken is refused."""
    item = {"id": "x", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Also this."}]}
    ask = {"type": "response.create", "response": {"append_input_items": [item]}}
    dialogue.client(typed("First"), ask)
    assert dialogue.script.turns[0].text == "First Also this."
    assert dialogue.all("conversation.item.created")[1].item.id == "x"
    dialogue.skip().client(ask).server("error")
    assert dialogue.last("error").error.code == "invalid_value"
    twice = {"append_input_items": [{**item, "id": "y"}, {**item, "id": "y"}]}
    dialogue.client({"type": "response.create", "response": twice}).server("error")
    assert dialogue.last("error").error.param == "response.append_input_items[1].id"
    dialogue.client(ResponseCreate())
    assert [entry.id for entry in dialogue.script.turns[1].history].count("y") == 0


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"tool_choice": "nonsense"}, "response.tool_choice"),
        ({"tool_choice": {"type": "function", "name": "nobody"}}, "response.tool_choice"),
        ({"modalities": ["text", "audio"]}, "response.modalities"),
        ({"modalities": ["smell"]}, "response.modalities"),
        ({"modalities": ["avatar"]}, "response.modalities"),
        ({"modalities": []}, "response.modalities"),
        ({"voice": {"type": "azure-realtime-native", "name": "ava"}}, "response.voice"),
        ({"voice": "nobody"}, "response.voice"),
        ({"output_audio_format": "mp3"}, "response.output_audio_format"),
        ({"output_audio_format": "pcm16_16000hz"}, "response.output_audio_format"),
        ({"max_output_tokens": 0}, "response.max_output_tokens"),
        ({"max_response_output_tokens": 5000}, "response.max_response_output_tokens"),
        ({"max_output_tokens": "many"}, "response.max_output_tokens"),
        ({"conversation": "other"}, "response.conversation"),
        ({"reasoning_effort": "utmost"}, "response.reasoning_effort"),
        ({"metadata": {str(number): "" for number in range(17)}}, "response.metadata"),
        ({"metadata": {"k" * 65: ""}}, "response.metadata"),
        ({"metadata": {"k": "v" * 513}}, "response.metadata"),
        ({"interim_response": {"type": "static_interim_response"}}, "response.interim_response"),
        ({"temperature": 9}, "response.temperature"),
        (
            {"input_items": [{"type": "message", "role": "ghost", "content": []}]},
            "response.input_items[0].role",
        ),
        (
            {"pre_generated_assistant_message": {"type": "message", "role": "assistant", "content": []}},
            "response.pre_generated_assistant_message.content",
        ),
    ],
)
def test_a_request_that_will_not_do_is_refused(open_dialogue: Opener, params: dict[str, object], param: str) -> None:
    """Behaviour 4.8 and 6; nothing was asked for."""
    dialogue = open_dialogue(model="gpt-realtime").skip()
    dialogue.client({"type": "response.create", "response": params, "event_id": "mine"}).server("error")
    assert (dialogue.last("error").error.param, dialogue.last("error").error.event_id) == (param, "mine")


def test_an_agent_keeps_its_instructions(open_dialogue: Opener) -> None:
    """Observed {VIBE, JOR}: they cannot be overridden for a response. Observed {TAK}: no expiry, no temperature."""
    dialogue = open_dialogue(model="", agent=True)
    assert dialogue.last("session.created").session.expires_at is None
    dialogue.client({"type": "response.create", "response": {"instructions": "Sing."}})
    assert "Overriding instructions" in dialogue.last("error").error.message
    assert dialogue.client(ResponseCreate()).last("response.created").response.temperature is None


def test_an_answer_outside_the_conversation_leaves_its_turn_open(dialogue: Dialogue) -> None:
    """Assumed: the next response answers it."""
    aside = {"type": "response.create", "response": {"conversation": "none"}}
    dialogue.client(typed("What is it?"), aside, ResponseCreate())
    assert [turn.text for turn in dialogue.script.turns] == ["What is it?", "What is it?"]


def test_an_empty_context_costs_only_the_instructions(dialogue: Dialogue) -> None:
    """Documented (schema B1): ``input_items: []``."""
    dialogue.client(typed("word " * 500))
    dialogue.client({"type": "response.create", "response": {"input_items": []}})
    assert dialogue.last("response.done").response.usage.input_tokens < 100


@pytest.mark.parametrize("modalities", [["text"], ["audio"]])
def test_an_openai_voice_takes_one_modality(open_dialogue: Opener, modalities: list[str]) -> None:
    """Observed {PIPE}: exactly ``["text"]`` or ``["audio"]``."""
    dialogue = open_dialogue(model="gpt-realtime")
    dialogue.client({"type": "response.create", "response": {"modalities": modalities}})
    assert dialogue.last("response.done").response.modalities == modalities
    assert bool(dialogue.all("response.audio.delta")) == (modalities == ["audio"])


def test_metadata_within_its_limits_is_echoed(dialogue: Dialogue) -> None:
    """Documented (schema A7): 16 pairs, keys of 64 and values of 512 characters."""
    metadata = {f"{number:064}": "v" * 512 for number in range(16)}
    dialogue.client({"type": "response.create", "response": {"metadata": metadata}})
    assert dialogue.last("response.created").response.metadata == metadata
    assert dialogue.last("response.done").response.metadata == metadata
    assert dialogue.script.turns[0].metadata == metadata


def test_a_pre_generated_message_loses_its_id_and_metadata(dialogue: Dialogue) -> None:
    """Observed {GOV}: clients can only tell it by its words."""
    text = [{"type": "text", "text": "Welcome back!"}]
    message = {"type": "message", "id": "mine", "role": "assistant", "content": text}
    params = {"pre_generated_assistant_message": message, "metadata": {"k": "v"}}
    dialogue.client({"type": "response.create", "response": params})
    done = dialogue.last("response.done").response
    assert done.metadata is None
    assert done.output[0].id != "mine"


def test_a_voice_and_a_format_for_one_response(dialogue: Dialogue) -> None:
    """Observed {VIBE, JOR}: what a response says overrides the session for this one."""
    voice = {"type": "azure-standard", "name": "en-GB-SoniaNeural", "rate": "1.5"}
    params = {"voice": voice, "output_audio_format": "pcm16_8000hz"}
    dialogue.client({"type": "response.create", "response": params}, ResponseCreate())
    assert [(request.voice, request.rate, request.format.rate_hz) for request in dialogue.requests] == [
        ("en-GB-SoniaNeural", 1.5, 8000),
        ("en-US-AvaNeural", 1.0, 24000),
    ]
    assert dialogue.all("response.done")[0].response.voice.name == "en-GB-SoniaNeural"


def test_an_answer_that_is_not_committed_leaves_no_item(dialogue: Dialogue) -> None:
    """Documented (schema B1): ``commit: false`` keeps the result out of the conversation, which it answers."""
    dialogue.client(typed("Hi"), {"type": "response.create", "response": {"commit": False}}, ResponseCreate())
    kinds = [event.item.role for event in dialogue.all("conversation.item.created")]
    assert kinds == ["user", "assistant"]
    assert [turn.text for turn in dialogue.script.turns] == ["Hi", ""]
    assert [len(turn.history) for turn in dialogue.script.turns] == [1, 1]
    assert dialogue.all("response.done")[0].response.output[0].content[0].transcript == "Hi"


@pytest.mark.parametrize(
    ("reading", "sent", "refusal"),
    [
        ("when_sent", {}, "conversation_already_has_active_response"),
        ("when_sent", {"cancel_previous": False}, "conversation_already_has_active_response"),
        ("when_sent", {"cancel_previous": True}, None),
        ("by_default", {}, None),
        ("by_default", {"cancel_previous": None}, None),
        ("by_default", {"cancel_previous": True}, None),
        ("by_default", {"cancel_previous": False}, "conversation_already_has_active_response"),
        ("unknown", {}, "conversation_already_has_active_response"),
        ("unknown", {"cancel_previous": True}, "invalid_request_error"),
        ("unknown", {"cancel_previous": False}, "invalid_request_error"),
    ],
)
def test_a_request_while_a_response_is_running(
    open_dialogue: Opener, reading: str, sent: dict[str, object], refusal: str | None
) -> None:
    """Observed {VIBE, ILA}, Documented (schema B1), or Observed {GOV}: sources disagree."""
    dialogue = open_dialogue(readings=parse_readings({"cancel_previous": reading}))
    dialogue.hold_speech = True
    dialogue.client(ResponseCreate())
    dialogue.client({"type": "response.create", "response": sent})
    errors = [event.error.code for event in dialogue.all("error")]
    assert errors == ([] if refusal is None else [refusal])
    dialogue.release_speech()
    done = [event.response.status for event in dialogue.all("response.done")]
    assert done == (["completed"] if refusal else ["cancelled", "completed"])
    if refusal == "invalid_request_error":
        error = dialogue.last("error").error
        assert error.message == "'response.cancel_previous' unexpected (extra fields not permitted)"
        assert error.param == "response.cancel_previous"


ASIDE = {"conversation": "none", "metadata": {"aside": "yes"}}
PATIENT = {"type": "session.update", "session": {"turn_detection": {"type": "server_vad", "interrupt_response": False}}}


@pytest.mark.parametrize("sent", [ASIDE, ASIDE | {"input_items": []}, {"conversation": "auto", "input_items": []}])
@pytest.mark.parametrize("first", ["turn", "request"])
def test_a_request_aside_leaves_the_users_turn_its_answer(
    open_dialogue: Opener, sent: dict[str, object], first: str
) -> None:
    """Assumed: what answers something else comes first, and the turn is answered after it, whichever was asked for
    first."""
    script = PlannedScript([[Say("A long story.")], [Say("Aside.")], [Say("Answer.")]], heard=["And then?"])
    dialogue = open_dialogue(script=script, timing=Timing({"token_gap": 200.0, "cancel": 2000.0}))
    dialogue.client(PATIENT, ResponseCreate())
    ask = {"type": "response.create", "response": {**sent, "cancel_previous": True}}
    if first == "turn":
        dialogue.speak(utterance()).client(ask)
    else:
        dialogue.client(ask).speak(utterance())
    dialogue.wait(60)
    done = [event.response for event in dialogue.all("response.done")]
    assert [response.status for response in done] == ["cancelled", "completed", "completed"]
    assert script.turns[-1].text == "And then?"
    assert [response.output[0].content[0].transcript for response in done[1:]] == ["Aside.", "Answer."]


def test_a_request_of_the_clients_answers_the_turn(open_dialogue: Opener) -> None:
    """Observed {FON}: one answer, not two; also where a request aside was replaced meanwhile."""
    script = PlannedScript([[Say("A long story.")], [Say("Answer.")]], heard=["And then?"])
    dialogue = open_dialogue(script=script, timing=Timing({"token_gap": 200.0, "cancel": 2000.0}))
    dialogue.client(PATIENT, ResponseCreate()).speak(utterance())
    for sent in (ASIDE, {}):
        dialogue.client({"type": "response.create", "response": {**sent, "cancel_previous": True}})
    dialogue.wait(60)
    assert [event.response.status for event in dialogue.all("response.done")] == ["cancelled", "completed"]
    assert script.turns[-1].text == "And then?"
    dialogue.skip().wait(60).server()


def test_an_aside_that_is_replaced_by_another_still_leaves_the_turn_its_answer(open_dialogue: Opener) -> None:
    """The turn's answer is owed until something answers it."""
    script = PlannedScript([[Say("A long story.")], [Say("Aside.")], [Say("Answer.")]], heard=["And then?"])
    dialogue = open_dialogue(script=script, timing=Timing({"token_gap": 200.0, "cancel": 2000.0}))
    dialogue.client(PATIENT, ResponseCreate()).speak(utterance())
    for _ in range(2):
        dialogue.client({"type": "response.create", "response": {**ASIDE, "cancel_previous": True}})
    dialogue.wait(60)
    assert script.turns[-1].text == "And then?"
    assert len(dialogue.all("response.done")) == 3
