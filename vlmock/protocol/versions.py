"""Which api-version comes before which, and which of them has which events. Source: schema A5, B, C.

All versions: ``vlmock.protocol.session.API_VERSIONS``.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_CLIENT_EVENTS, OTHER_SERVER_EVENTS, SERVER_EVENTS

__all__ = ["MCP_SINCE", "SINCE", "UNTIL", "events_of", "reached"]

_DATE_LENGTH = len("2026-07-15")


def reached(api_version: str, since: str) -> bool:
    """Whether a version has what came with another one. Versions are dates, so they sort; ``v1`` sorts behind them."""
    return api_version[:_DATE_LENGTH] >= since[:_DATE_LENGTH]


_FIRST_PUBLISHED: Final = "2025-10-01"
MCP_SINCE: Final = "2026-01-01-preview"
"""Schema I: the first version with MCP and warnings by the specification; the documentation's pages disagree."""

_MCP_AND_WARNINGS = (
    "mcp_approval_response",
    "warning",
    "mcp_list_tools.in_progress",
    "mcp_list_tools.completed",
    "mcp_list_tools.failed",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
    "response.mcp_call.in_progress",
    "response.mcp_call.completed",
    "response.mcp_call.failed",
)

_LATER: Final[Mapping[str, tuple[str, ...]]] = {
    MCP_SINCE: (
        *_MCP_AND_WARNINGS,
        "response.foundry_agent_call_arguments.delta",
        "response.foundry_agent_call_arguments.done",
        "response.foundry_agent_call.in_progress",
        "response.foundry_agent_call.completed",
        "response.foundry_agent_call.failed",
    ),
    "2026-04-10": (
        "output_audio_buffer.clear",
        "output_audio_buffer.cleared",
        "session.avatar.switch_to_speaking",
        "session.avatar.switch_to_idle",
        "conversation.item.done",
        "response.video.delta",
        "response.web_search_call.searching",
        "response.web_search_call.in_progress",
        "response.web_search_call.completed",
        "response.file_search_call.searching",
        "response.file_search_call.in_progress",
        "response.file_search_call.completed",
        "response.audio_transcript.annotation.added",
    ),
    "2026-06-01-preview": (
        "input_text.delta",
        "input_text.done",
        "response.invocation.delta",
        "rtc.call.sdp.create",
        "rtc.call.sdp.created",
        "rtc.call.error",
        "output_audio_buffer.started",
        "output_audio_buffer.stopped",
    ),
    "v1": ("byom_credential.update", "byom_credential.updated"),
}

_ALL: Final = (*CLIENT_EVENTS, *OTHER_CLIENT_EVENTS, *SERVER_EVENTS, *OTHER_SERVER_EVENTS)

SINCE: Final[dict[str, str]] = dict.fromkeys(_ALL, _FIRST_PUBLISHED) | {
    wire_type: version for version, wire_types in _LATER.items() for wire_type in wire_types
}
"""The first api-version whose contract has the event.

2025-10-01 is the first whose contract was published. Those outside the enum: where they were documented or observed.
"""

_LAST: Final[Mapping[str, tuple[str, ...]]] = {
    "2026-06-01-preview": (
        "rtc.call.sdp.create",
        "rtc.call.sdp.created",
        "rtc.call.error",
        "output_audio_buffer.started",
        "output_audio_buffer.stopped",
    ),
    "2026-07-31-preview": (
        "input_audio.turn.start",
        "input_audio.turn.append",
        "input_audio.turn.end",
        "input_audio.turn.cancel",
        "input_audio.clear",
    ),
}

UNTIL: Final[Mapping[str, str]] = {
    wire_type: version for version, wire_types in _LAST.items() for wire_type in wire_types
}
"""The last api-version that has the event, for those that a later one is fenced off from."""


@cache
def events_of(api_version: str, *, mcp_since: str = MCP_SINCE) -> frozenset[str]:
    """The wire types of all events that a version has, of both directions.

    Assumed: the preview before the first published contract has all of that contract; {SDKT} and {NB04} talk to it.
    ``mcp_since``: the version that brought MCP and warnings.
    """
    since = SINCE | dict.fromkeys(_MCP_AND_WARNINGS, mcp_since)
    return frozenset(
        wire_type
        for wire_type, first in since.items()
        if (first == _FIRST_PUBLISHED or reached(api_version, first))
        and reached(UNTIL.get(wire_type, api_version), api_version)
    )
