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
    unknown = [error for error in unknown if error.code != "not_emulated"]
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
