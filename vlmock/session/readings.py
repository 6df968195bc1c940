"""Where sources disagree about the service: which of them the emulator follows. Source: schema I, behaviour 10.

Each member of ``Readings`` is one question, its default the answer that schema I recommends. A test, a scenario or
``vlmock serve`` chooses another; the code that acts on it asks ``state.readings`` in the one place where the answers
part. Members are either ``bool`` or a choice of words, and their descriptions are what users read.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from vlmock.errors import did_you_mean

__all__ = ["FOLLOWED", "Readings", "parse_readings"]


class Readings(msgspec.Struct, frozen=True):
    """One answer to each open question."""

    update: Annotated[
        Literal["merge", "replace"],
        Meta(
            description="session.update keeps what the client did not send (merge; Documented {DOC, OAI}), or sets it "
            "back to what it was at connect (replace; Observed {FON}, one source only)."
        ),
    ] = "merge"
    mcp_since: Annotated[
        Literal["2025-10-01", "2026-01-01-preview", "2026-04-10"],
        Meta(
            description="The first api-version with MCP tools and the warning event: 2025-10-01 (Documented {DOC}, the "
            "reference), 2026-01-01-preview (the specification) or 2026-04-10 (Documented {DOC}, the how-to)."
        ),
    ] = "2026-01-01-preview"
    later_settings: Annotated[
        Literal["members_refused", "refused", "taken"],
        Meta(
            description="What came with a later api-version than the session's: members of session and response are "
            "refused (members_refused; Documented), so is everything inside them, voices, formats and parts (refused; "
            "Documented, strictly), or all of it is taken (taken; Observed {SDKT, FON} for some)."
        ),
    ] = "members_refused"
    turn_end: Annotated[
        Literal["commits", "responds"],
        Meta(
            description="input_audio.turn.end makes the turn a user item as a commit does, and the client asks for the "
            "response (commits; Assumed), or a response follows by itself (responds; Assumed)."
        ),
    ] = "commits"
    cancel_previous: Annotated[
        Literal["when_sent", "by_default", "unknown"],
        Meta(
            description="response.create while one is running cancels that where it says cancel_previous: true, and is "
            "refused otherwise (when_sent; Observed {VIBE, ILA}); cancels it unless it says false (by_default; "
            "Documented, schema B1); or is refused for having such a member (unknown; Observed {GOV})."
        ),
    ] = "when_sent"
    agent_instructions: Annotated[
        Literal["plain", "with_agent_service"],
        Meta(
            description="An agent that is given instructions for one response refuses with 'Overriding instructions in "
            "response.create is not supported' (plain; Observed {VIBE}), or with the same and ' with Agent service.' "
            "behind it (with_agent_service; Observed {JOR})."
        ),
    ] = "plain"
    classic_agents: Annotated[
        Literal["completed", "cancelled"],
        Meta(
            description="Responses of a classic agent on 2025-05-01-preview end with their own status (completed; "
            "Assumed), or all of them cancelled, even complete ones (cancelled; Observed {NB04}, one source only)."
        ),
    ] = "completed"
    llm_interim: Annotated[
        Literal["speaks", "silent"],
        Meta(
            description="An llm_interim_response speaks whenever it is triggered (speaks; Documented {DOC}), or "
            "never does (silent; Observed {ILA}: it spoke in 1 of 11 runs with tools of the client)."
        ),
    ] = "speaks"
    repeated_transcripts: Annotated[
        bool,
        Meta(
            description="When the next turn is committed, the transcript of the last one comes once more, and is empty "
            "(Observed {PIPE, FON}, now and then); with deep noise suppression twice."
        ),
    ] = False
    first_update_required: Annotated[
        bool,
        Meta(
            description="Every event before the first accepted session.update is refused (Observed {FON} and in field "
            "reports, schema B2), or taken (false; the vendor SDK's live tests and most wires)."
        ),
    ] = False
    bad_updates: Annotated[
        Literal["fifth", "second", "never"],
        Meta(
            description="While no update was accepted yet, the session ends at the fifth that is refused, with "
            "max_config_attempts_exceeded and close 1008 (fifth; Observed in several field reports, schema B2), at the "
            "second with close 1011 (second; Observed {IVW}, one source only), or never."
        ),
    ] = "fifth"
    rejected_first_update: Annotated[
        Literal["as_it_was", "deaf"],
        Meta(
            description="After a refused first update the session goes on with what it was at connect (as_it_was; "
            "Observed {IVW, OAI}: nothing of a refused update holds), or no longer listens until one is accepted, but "
            "still answers response.create (deaf; Observed {IVW}, one source only)."
        ),
    ] = "as_it_was"
    mcp_call: Annotated[
        Literal["after_response", "in_response"],
        Meta(
            description="An MCP call is run, or its approval asked for, after response.done (after_response; "
            "Documented by the SDK's sample), or before it (in_response; Observed {NETT}: both occur)."
        ),
    ] = "after_response"
    foundry_agent: Annotated[
        bool,
        Meta(
            description="The service asks other agents by its foundry_agent tool (Documented {DOC}), or there is no "
            "such thing (SDK and specification since 2026-04-10)."
        ),
    ] = False
    rate_limits: Annotated[
        bool,
        Meta(
            description="rate_limits.updated follows each response.created and response.done (Documented {DOC}), or "
            "never comes (Observed: in no log)."
        ),
    ] = False
    blendshapes: Annotated[
        bool,
        Meta(
            description="Blendshapes come where animation.outputs asks for them (true; Documented: schema C 31, D9), "
            "or never (false; Documented {DOC}: one page says that viseme_id alone is supported at present)."
        ),
    ] = True
    fillers: Annotated[
        Literal["always", "over_assistant"],
        Meta(
            description="remove_filler_words ignores an umm at any time (always; Observed {SDKT}), or only while the "
            "assistant speaks (over_assistant; Documented {DOC})."
        ),
    ] = "always"

    avatar_rate: Annotated[
        Literal["two", "three"],
        Meta(
            description="New avatars in any 60 seconds before one is refused: two (Documented {DOC}; Observed {VIBE}), "
            "or three (Observed {VIBE}, later and counted)."
        ),
    ] = "two"
    avatar_sound: Annotated[
        Literal["video", "audio"],
        Meta(
            description="Where an avatar's words are heard whose picture comes over the WebSocket: in "
            "response.video.delta (video; Observed {JOR, AI4IA}), or in response.audio.delta (audio; Observed {TAK})."
        ),
    ] = "video"


FOLLOWED: Final = Readings()
"""What is followed unless somebody chooses otherwise."""


def parse_readings(chosen: Mapping[str, Any]) -> Readings:
    """Readings from their names. Raises ValueError for an unknown name or answer, with a remedy."""
    for name in chosen:
        if name not in Readings.__struct_fields__:
            known = ", ".join(Readings.__struct_fields__)
            raise ValueError(
                f"unknown reading {name!r}{did_you_mean(name, Readings.__struct_fields__)}; known: {known}"
            )
    try:
        return msgspec.convert(dict(chosen), Readings)
    except msgspec.ValidationError as error:
        raise ValueError(f"reading: {error}") from None
