"""``warning`` events: informational, and not in every api-version. Source: schema C 2."""

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from vlmock.protocol.codec import to_json_object
from vlmock.protocol.response import ResponseCreate
from vlmock.session.readings import parse_readings
from vlmock.session.script import Say, Warn

WARN = Warn("The audio quality is low.", code="low_quality", param="audio")


def test_a_warning_interrupts_nothing() -> None:
    """Documented {DOC}: the conversation goes on; here in the middle of a message."""
    dialogue = Dialogue(script=PlannedScript([[Say("One."), WARN, Say("Two.")]])).skip()
    dialogue.client(ResponseCreate())
    warning = to_json_object(dialogue.last("warning"))
    assert warning.pop("event_id")
    assert warning == {
        "type": "warning",
        "warning": {"message": "The audio quality is low.", "code": "low_quality", "param": "audio"},
    }
    assert dialogue.last("response.done").response.output[0].content[0].transcript == "One. Two."


@pytest.mark.parametrize(
    ("api_version", "mcp_since", "sent"),
    [
        ("2025-05-01-preview", "2026-01-01-preview", 0),
        ("2025-10-01", "2026-01-01-preview", 0),
        ("2025-10-01", "2025-10-01", 1),
        ("2026-01-01-preview", "2026-01-01-preview", 1),
        ("2026-01-01-preview", "2026-04-10", 0),
        ("2026-07-15", "2026-04-10", 1),
    ],
)
def test_versions_without_warnings_get_none(api_version: str, mcp_since: str, sent: int) -> None:
    """Documented: schema C 2, I. The reply goes on without it, and the journal says so."""
    readings = parse_readings({"mcp_since": mcp_since})
    script = PlannedScript([[WARN, Say("One.")]])
    dialogue = Dialogue(api_version=api_version, readings=readings, script=script).client(ResponseCreate())
    assert dialogue.types.count("warning") == sent
    says = f"api-version {api_version} has no 'warning': this step of the reply was left out"
    assert [(remark.kind, remark.message) for remark in dialogue.remarks] == [("unsent", says)] * (1 - sent)
    assert dialogue.types[-1] == "response.done"
