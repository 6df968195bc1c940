"""Lenient sessions obey what the service would refuse, as far as they can, and say so. Strict ones give hints."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.session.conftest import Dialogue
from tests.session.exchanges import update
from tests.session.sounds import utterance
from tests.session.updates import AGENT, AVA, AZURE, CASCADE, ECHO, EOU, NATIVE, NEWEST, PHI, TOOL
from vlmock.session.configuration.brain import Brain
from vlmock.session.effects import Remark
from vlmock.session.readings import Readings
from vlmock.session.refusals.hints import GA_MEMBERS


def lenient(model: str = "gpt-4.1", **how: Any) -> Dialogue:
    return Dialogue(model=model, lenient=True, **how).skip()


def test_unknown_members_are_ignored_and_named_each() -> None:
    """One remark for each, as the service would have refused it; nothing of it goes over the wire."""
    talk = lenient().client(update(modalities=["text"], proactive=True, avatar={"character": "lisa", "pose": 1}))
    talk.server("session.updated")
    assert talk.remarks == [
        Remark(
            "overlooked",
            f"'{path}' unexpected (extra fields not permitted)",
            code="invalid_session_update_message",
            param=path,
        )
        for path in ("session.proactive", "session.avatar.pose")
    ]
    assert talk.last("session.updated").session.modalities == ["text"]


def test_an_append_with_an_unknown_member_is_heard() -> None:
    """The one closed type, too."""
    talk = lenient().client({"type": "input_audio_buffer.append", "audio": "AAAA" * 2000, "rate": 8000})
    talk.server()
    assert [remark.param for remark in talk.remarks] == ["rate"]
    talk.client({"type": "input_audio_buffer.commit"})
    assert "input_audio_buffer.committed" in talk.types


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"temperature": 7}, "session.temperature"),
        ({"input_audio_format": "mp3"}, "session.input_audio_format"),
        ({"input_audio_sampling_rate": 0}, "session.input_audio_sampling_rate"),
        ({"turn_detection": {"type": "server_vad", "threshold": -3}}, "session.turn_detection.threshold"),
        ({"voice": "alloy"}, "session.voice"),
    ],
)
def test_a_member_that_is_wrong_by_itself_stays_as_it_was(wrong: dict[str, Any], path: str) -> None:
    """Taken as it is it could break what relies on it; the rest of the update holds."""
    talk = lenient()
    before = talk.last("session.created").session
    talk.client(update(instructions="Be brief.", **wrong)).server("session.updated")
    after = talk.last("session.updated").session
    assert after.instructions == "Be brief."
    assert getattr(after, next(iter(wrong))) == getattr(before, next(iter(wrong)))
    assert [remark.param for remark in talk.remarks] == [path]


def test_what_excludes_each_other_is_accepted() -> None:
    """azure-speech beside a realtime brain with the wrong detector: refused by the service, obeyed here."""
    talk = lenient("gpt-realtime").client(update(input_audio_transcription={"model": "azure-speech"}))
    assert talk.last("session.updated").session.input_audio_transcription.model == "azure-speech"
    assert [remark.param for remark in talk.remarks] == ["session.turn_detection"]


def test_what_comes_too_late_is_obeyed() -> None:
    """The detector's type, after the first update."""
    talk = lenient().client(update(), update(turn_detection={"type": "azure_semantic_vad"}))
    assert talk.last("session.updated").session.turn_detection.type == "azure_semantic_vad"
    assert "Cannot change turn detection type" in talk.remarks[-1].message


def test_items_and_responses_are_obeyed_as_well() -> None:
    """A part that its role does not have, and a tool that is not there."""
    item = {"type": "message", "role": "assistant", "content": [{"type": "input_text", "text": "Hi."}]}
    talk = lenient().client({"type": "conversation.item.create", "item": item})
    talk.server("conversation.item.created")
    talk.client({"type": "response.create", "response": {"tool_choice": "get_wether", "temperature": 9}}).wait(60)
    assert talk.types[-1] == "response.done"
    assert [remark.param for remark in talk.remarks] == [
        "item.content[0].type",
        "response.temperature",
        "response.tool_choice",
    ]


def test_a_required_first_update_is_missed_once() -> None:
    """The first early event is remarked on, and from then on all are taken."""
    clear = {"type": "input_audio_buffer.clear"}
    talk = lenient(readings=Readings(first_update_required=True)).client(clear, clear)
    talk.server("input_audio_buffer.cleared")
    assert [remark.param for remark in talk.remarks] == ["type"]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "nonsense"},
        {"type": "session.update", "session": {"temperature": "hot"}},
        {"type": "conversation.item.delete", "item_id": "nothing"},
        {"type": "input_audio_buffer.commit"},
        {"type": "response.cancel"},
    ],
)
def test_what_cannot_be_obeyed_at_all_is_refused_all_the_same(event: dict[str, Any]) -> None:
    """Leniency is no guessing."""
    talk = lenient().client(event).server("error")
    assert [remark for remark in talk.remarks if remark.kind == "overlooked"] == []


def test_lenient_updates_are_no_failed_attempts() -> None:
    """They were accepted."""
    talk = lenient().client(*[update(nonsense=1)] * 10)
    assert talk.closed is None


# ---- hints


@pytest.mark.parametrize(
    ("event", "hint"),
    [
        (update(turnDetection=None), "did you mean 'session.turn_detection'?"),
        (
            update(turn_detection={"type": "server_vad", "treshold": 0.5}),
            "did you mean 'session.turn_detection.threshold'?",
        ),
        (update(voice="alloi"), "did you mean 'alloy'?"),
        (update(turn_detection={"type": "server-vad"}), "did you mean 'server_vad'?"),
        ({"type": "session.updat", "session": {}}, "did you mean 'session.update'?"),
        ({"type": "response.create", "response": {"modality": ["text"]}}, "did you mean 'response.modalities'?"),
    ],
)
def test_a_misspelling_is_refused_in_the_services_words_and_hinted_at_in_ours(event: dict[str, Any], hint: str) -> None:
    """The hint is in the journal alone."""
    talk = Dialogue(model="gpt-realtime").skip().client(event).server("error")
    assert talk.remarks == [Remark("hint", hint)]
    assert hint not in talk.last("error").error.message


def test_there_is_no_hint_where_nothing_is_near(dialogue: Dialogue) -> None:
    """A wrong guess is worse than none."""
    dialogue.client(update(proactive_engagement=True)).server("error")
    assert dialogue.remarks == []


@pytest.mark.parametrize("path", GA_MEMBERS)
def test_a_member_of_the_ga_dialect_is_refused_as_unknown_and_explained(path: str) -> None:
    """Observed {IVW}: the same "unexpected" text; the remark names what it is called here. Schema H2."""
    place, _, name = path.partition(".")
    wire_type = {"session": "session.update", "response": "response.create"}[place]
    talk = Dialogue(model="gpt-realtime").skip().client({"type": wire_type, place: {name: {}}}).server("error")
    error = talk.last("error").error
    assert (error.message, error.param) == (f"'{path}' unexpected (extra fields not permitted)", path)
    assert [remark.message for remark in talk.remarks] == [f"this looks like the OpenAI GA dialect: {GA_MEMBERS[path]}"]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("response.output_audio.delta", "response.audio.delta"),
        ("response.output_audio.done", "response.audio.done"),
        ("response.output_audio_transcript.delta", "response.audio_transcript.delta"),
        ("response.output_audio_transcript.done", "response.audio_transcript.done"),
        ("response.output_text.delta", "response.text.delta"),
        ("response.output_text.done", "response.text.done"),
        ("conversation.item.added", "conversation.item.created"),
        ("conversation.item.done", "conversation.item.created"),
    ],
)
def test_an_event_of_the_ga_dialect_is_unknown_and_explained(dialogue: Dialogue, theirs: str, ours: str) -> None:
    """Observed {IVW, FON}: the dialect is not spoken. Schema H2, its renamed events."""
    dialogue.client({"type": theirs}).server("error")
    assert dialogue.last("error").error.code == "invalid_value"
    assert f"{theirs} is {ours} here" in dialogue.remarks[0].message


def test_a_lenient_session_hints_as_well() -> None:
    """Behind the service's words."""
    talk = lenient().client(update(modality=["text"]))
    assert talk.remarks[0].message == (
        "'session.modality' unexpected (extra fields not permitted) (did you mean 'session.modalities'?)"
    )
    assert AVA["type"] == talk.last("session.updated").session.voice.type


MEMBERS: dict[str, list[Any]] = {
    "modalities": [["text"], ["audio"], ["text", "audio"], ["avatar"], []],
    "voice": ["alloy", AVA, AVA | {"rate": "9"}, {"type": "azure-realtime-native", "name": "ava"}],
    "input_audio_format": ["pcm16", "g711_ulaw", "mp3"],
    "input_audio_sampling_rate": [8_000, 16_000, 24_000, 0],
    "output_audio_format": ["pcm16", "pcm16_48000hz", "g711_alaw", "mp3"],
    "turn_detection": [None, {"type": "server_vad"}, {"type": "semantic_vad"}, EOU, {"type": "azure_semantic_vad_en"}],
    "input_audio_transcription": [None, {"model": "azure-speech"}, {"model": "whisper-1"}, {"model": "x"}],
    "input_audio_echo_cancellation": [None, ECHO, ECHO | {"channels": 2}],
    "tools": [[TOOL], [TOOL, TOOL], []],
    "tool_choice": ["auto", "get_weather", "nothing", {"type": "function", "name": "nothing"}],
    "max_response_output_tokens": [1, 9_999, "inf", "all"],
    "instructions": ["", "Be brief."],
    "model": ["gpt-4o"],
}
UPDATES = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in MEMBERS.items()})


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    brain=st.sampled_from([CASCADE, NATIVE, NEWEST, PHI, AZURE, AGENT]),
    updates=st.lists(UPDATES, min_size=1, max_size=4),
)
def test_nothing_that_is_let_through_breaks_a_session(brain: Brain, updates: list[dict[str, Any]]) -> None:
    """Whatever is combined, however late: a lenient session takes each of these updates, and still answers."""
    talk = Dialogue(brain=brain, lenient=True)
    for members in updates:
        talk.client(update(**members)).speak(SOUND).client({"type": "response.create", "response": members_of(members)})
        talk.wait(60)
    assert len(talk.all("session.updated")) == len(updates)
    assert len(talk.all("response.done")) == len(talk.all("response.created")) >= len(updates)


SOUND = utterance()


def members_of(settings: dict[str, Any]) -> dict[str, Any]:
    """Of those, what a response may have as well."""
    return {name: settings[name] for name in ("modalities", "voice", "tools", "tool_choice") if name in settings}
