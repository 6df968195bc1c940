"""Each api-version has its own events: what it lacks is refused, or never sent."""

from typing import Any

import pytest

from tests.session.conftest import Dialogue
from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.protocol.session import API_VERSIONS
from vlmock.protocol.versions import SINCE, UNTIL, events_of
from vlmock.session.readings import parse_readings
from vlmock.session.rules.events import events_to_come

AUDIO = "AAAA" * 1600
MESSAGE = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi."}]}
MEMBERS: dict[str, dict[str, Any]] = {
    "session.update": {"session": {}},
    "input_audio_buffer.append": {"audio": AUDIO},
    "input_audio.turn.start": {"turn_id": "t"},
    "input_audio.turn.append": {"turn_id": "t", "audio": AUDIO},
    "input_audio.turn.end": {"turn_id": "t"},
    "input_audio.turn.cancel": {"turn_id": "t"},
    "conversation.item.create": {"item": MESSAGE},
    "conversation.item.retrieve": {"item_id": "i"},
    "conversation.item.truncate": {"item_id": "i", "content_index": 0, "audio_end_ms": 0},
    "conversation.item.delete": {"item_id": "i"},
    "session.avatar.connect": {"client_sdp": "x"},
    "input_text.delta": {"id": "i", "delta": "x"},
    "input_text.done": {"id": "i"},
}
"""What each client event needs to be one."""


def test_the_versions_have_as_many_events_as_they_should() -> None:
    """Schema A5: 16 client and 35 server events in the first, 20 and 56 in the GA version of July 2026."""

    def counted(api_version: str) -> tuple[int, int]:
        known = events_of(api_version)
        return len(known & CLIENT_EVENTS.keys()), len(known & SERVER_EVENTS.keys())

    assert {version: counted(version) for version in API_VERSIONS} == {
        "2025-05-01-preview": (16, 35),
        "2025-10-01": (16, 35),
        "2026-01-01-preview": (17, 44),
        "2026-04-10": (18, 55),
        "2026-06-01-preview": (20, 56),
        "2026-07-15": (20, 56),
        "2026-07-31-preview": (20, 56),
        "v1": (15, 56),
    }


def test_what_is_fenced_off_was_there_before() -> None:
    """The previews' calls, and the turns that the client divides in all dated versions."""
    assert set(UNTIL) < set(SINCE)
    assert {name for name in UNTIL if name in events_of("2026-06-01-preview")} == set(UNTIL)
    assert not set(UNTIL) & events_of("v1")


@pytest.mark.parametrize("api_version", API_VERSIONS)
@pytest.mark.parametrize("name", CLIENT_EVENTS)
def test_a_client_event_is_unknown_to_the_versions_that_lack_it(name: str, api_version: str) -> None:
    """Documented: schema B. Refused like any type that nobody knows, with the types that this version knows."""
    dialogue = Dialogue(api_version=api_version).skip()
    dialogue.client({"type": name, "event_id": "mine", **MEMBERS.get(name, {})})
    unknown = [event.error for event in dialogue.all("error") if event.error.param == "type"]
    known = events_of(api_version)
    if name in known:
        assert unknown == []
        return
    (error,) = unknown
    assert (error.code, error.event_id) == ("invalid_value", "mine")
    message, _, supported = error.message.partition(" Supported values are: ")
    assert message == f"Invalid value: '{name}'."
    assert [each for each in CLIENT_EVENTS if f"'{each}'" in supported] == [n for n in CLIENT_EVENTS if n in known]


def test_what_is_wrong_inside_an_unknown_event_is_not_looked_at() -> None:
    """A version that lacks the type has no opinion on its members."""
    dialogue = Dialogue(api_version="2025-10-01").skip()
    dialogue.client({"type": "input_text.delta"}, {"type": "input_audio.turn.start"})
    assert [event.error.code for event in dialogue.events[-2:]] == ["invalid_value", "missing_required_parameter"]


@pytest.mark.parametrize("api_version", API_VERSIONS)
@pytest.mark.parametrize("name", SERVER_EVENTS | OTHER_SERVER_EVENTS)
def test_a_server_event_is_never_sent_in_the_versions_that_lack_it(name: str, api_version: str) -> None:
    """Documented: schema C."""
    known = events_of(api_version)
    withheld = (SERVER_EVENTS | OTHER_SERVER_EVENTS)[name] in events_to_come(known)
    assert withheld == (name not in known)


EOU = {"type": "azure_semantic_vad", "end_of_utterance_detection": {"model": "semantic_detection_v1"}}
ECHO = {"type": "server_echo_cancellation"}
AVATAR = {"character": "lisa"}
PERSONAL = {"type": "azure-personal", "name": "mine"}
FOUNDRY = {"type": "foundry_agent", "agent_name": "a", "project_name": "p"}
LATER_SETTINGS: list[tuple[str, dict[str, Any], str, str]] = [
    ("gpt-4.1", {"turn_detection": EOU | {"appended_text_after_truncation": "x"}}, ".appended", "2026-01-01-preview"),
    ("gpt-4.1", {"avatar": AVATAR | {"type": "video-avatar"}}, "avatar.type", "2026-01-01-preview"),
    ("gpt-4.1", {"avatar": AVATAR | {"output_protocol": "websocket"}}, "output_protocol", "2026-01-01-preview"),
    ("gpt-4.1", {"output_audio_format": "pcm16_8000hz"}, "output_audio_format", "2026-01-01-preview"),
    ("gpt-4.1", {"tools": [FOUNDRY]}, "tools[0].type", "2026-01-01-preview"),
    ("gpt-4.1", {"voice": PERSONAL | {"model": "MAI-Voice-1"}}, "voice.model", "2026-04-10"),
    ("gpt-4.1", {"voice": {"type": "avatar-voice-sync", "model": "DragonLatestNeural"}}, "voice.type", "2026-04-10"),
    ("gpt-4.1", {"input_audio_transcription": {"model": "mai-transcribe-1"}}, "transcription.model", "2026-04-10"),
    ("gpt-4.1", {"input_audio_echo_cancellation": ECHO | {"channels": 1}}, "channels", "2026-06-01-preview"),
    ("gpt-realtime", {"voice": "cedar"}, "session.voice", "2026-01-01-preview"),
    ("gpt-realtime", {"voice": {"type": "openai", "name": "marin"}}, "voice.name", "2026-01-01-preview"),
    ("azure-realtime", {"voice": {"type": "azure-realtime-native", "name": "ava"}}, "voice.type", "2026-06-01-preview"),
    ("azure-realtime", {"voice": {"type": "azure-realtime-native", "name": "diya"}}, "session.voice", "2026-07-15"),
    ("gpt-4.1", {"reasoning_effort": "low"}, "session.reasoning_effort", "2026-01-01-preview"),
    ("gpt-4.1", {"include": []}, "session.include", "2026-04-10"),
]


def refusals_of(event: dict[str, Any], **how: Any) -> list[str | None]:
    return [refused.error.param for refused in Dialogue(**how).client(event).all("error")]


@pytest.mark.parametrize(("model", "session", "param", "since"), LATER_SETTINGS)
def test_a_later_setting_is_refused_where_the_reading_is_strict(
    model: str, session: dict[str, Any], param: str, since: str
) -> None:
    """Documented: schema D, F, by the version that brought it. Observed {SDKT, FON}: some are taken before."""
    versions = [version for version in API_VERSIONS if version != "v1"]
    for api_version in versions:
        how = {"model": model, "api_version": api_version}
        event = {"type": "session.update", "session": session}
        late = versions.index(api_version) < versions.index(since)
        strict, default, lenient = (
            refusals_of(event, readings=parse_readings({"later_settings": reading}), **how)
            for reading in ("refused", "members_refused", "taken")
        )
        assert [param in str(refused) for refused in strict] == [True] * late, (api_version, strict)
        top_level = next(iter(session)) in ("reasoning_effort", "include")
        assert (default, lenient) == (strict if top_level else [], []), api_version


def test_the_words_of_such_a_refusal_name_what_the_version_has() -> None:
    """Assumed: as for whatever else nobody knows."""
    strict = parse_readings({"later_settings": "refused"})
    talk = Dialogue(model="gpt-realtime", api_version="2025-10-01", readings=strict)
    talk.client({"type": "session.update", "session": {"voice": "marin"}})
    assert talk.last("error").error.message == (
        "'session.voice' should be 'alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer' or 'verse', got 'marin'"
    )


@pytest.mark.parametrize(
    ("api_version", "member", "param"),
    [
        ("2025-10-01", "url", "item.content[0].type"),
        ("2026-04-10", "url", None),
        ("2026-04-10", "image_url", "item.content[0].image_url"),
        ("2026-07-15", "url", "item.content[0].url"),
        ("2026-07-15", "image_url", None),
    ],
)
def test_an_image_has_another_name_in_older_versions(api_version: str, member: str, param: str | None) -> None:
    """Documented: schema E1, ``url`` until it became ``image_url`` in 2026-06-01-preview. Also within a response."""
    strict = parse_readings({"later_settings": "refused"})
    item = {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_image", member: "https://example.org/i.png"}],
    }
    create = {"type": "conversation.item.create", "item": item}
    wanted = [] if param is None else [param]
    assert refusals_of(create, api_version=api_version, readings=strict) == wanted
    assert refusals_of(create, api_version=api_version) == []
    response = {"type": "response.create", "response": {"input_items": [item]}}
    within = [each.replace("item.", "response.input_items[0].") for each in wanted]
    assert refusals_of(response, api_version=api_version, readings=strict) == within


@pytest.mark.parametrize(
    ("mcp_since", "api_version", "refused"),
    [
        ("2025-10-01", "2025-10-01", False),
        ("2026-01-01-preview", "2025-10-01", True),
        ("2026-01-01-preview", "2026-01-01-preview", False),
        ("2026-04-10", "2026-01-01-preview", True),
        ("2026-04-10", "2026-04-10", False),
    ],
)
def test_sources_disagree_since_when_there_is_mcp(mcp_since: str, api_version: str, refused: bool) -> None:
    """Schema I: the reference, the specification and the how-to each name another version."""
    talk = Dialogue(api_version=api_version, readings=parse_readings({"mcp_since": mcp_since})).skip()
    tool = {"type": "mcp", "server_label": "docs", "server_url": "https://example.org/mcp"}
    talk.client({"type": "session.update", "session": {"tools": [tool]}})
    assert ("error" in talk.types) == refused
    assert ("mcp_list_tools.failed" in talk.session._state.brain.events) != refused
