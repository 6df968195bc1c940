"""Where sources disagree about the service: which of them the emulator follows. Source: schema I, behaviour 10.

Each member of ``Readings`` is one question, its default the answer that schema I recommends. A test, a scenario or
``vlmock serve`` chooses another; the code that acts on it asks ``state.readings`` in the one place where the answers
part. Members are either ``bool`` or a choice of words, and their descriptions are what users read.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_type_hints

import msgspec
from msgspec import Meta

from vlmock.errors import did_you_mean

__all__ = ["FOLLOWED", "Question", "Readings", "parse_readings", "questions"]


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
            "Documented); or is refused for having such a member (unknown; Observed {GOV})."
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
            "reports), or taken (false; the vendor SDK's live tests and most wires)."
        ),
    ] = False
    bad_updates: Annotated[
        Literal["fifth", "second", "never"],
        Meta(
            description="While no update was accepted yet, the session ends at the fifth that is refused, with "
            "max_config_attempts_exceeded and close 1008 (fifth; Observed in several field reports), at the "
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
            description="Blendshapes come where animation.outputs asks for them (true; Documented), "
            "or never (false; Documented {DOC}: one page says that viseme_id alone is supported at present)."
        ),
    ] = True
    audio_deltas: Annotated[
        Literal["half_seconds", "4096_bytes"],
        Meta(
            description="What Azure's voices say comes in pieces of 200, 300 and then 500 ms (half_seconds; Observed "
            "{FON}, neural voices in 2026), or of 4096 bytes at most, some shorter (4096_bytes; Observed {NB04}, HD "
            "voices in 2025)."
        ),
    ] = "half_seconds"
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


class Question(NamedTuple):
    """One of the readings, for people."""

    name: str
    answers: tuple[str, ...] | tuple[bool, ...]
    about: str
    """What it decides, where each answer is known from, and which is followed unless another is chosen."""


@cache
def questions() -> tuple[Question, ...]:
    """All that can be chosen."""
    hints = get_type_hints(Readings, include_extras=True)
    return tuple(_question(name, *get_args(hint)) for name, hint in hints.items())


def _question(name: str, kind: Any, meta: Meta) -> Question:
    default = getattr(FOLLOWED, name)
    about = f"{meta.description} Default: {str(default).lower() if kind is bool else default}."
    return Question(name, (True, False) if kind is bool else get_args(kind), about)


def parse_readings(chosen: Mapping[str, Any]) -> Readings:
    """Readings from their names. Raises ValueError for an unknown name or answer, with a remedy."""
    if not isinstance(chosen, Mapping):
        raise ValueError(f"readings are a mapping, like {{'update': 'replace'}}, not {chosen!r}")
    known = {question.name: question for question in questions()} if chosen else {}
    for name, answer in chosen.items():
        if name not in known:
            raise ValueError(f"unknown reading {name!r}{did_you_mean(name, known)}; known: {', '.join(known)}")
        answers = known[name].answers
        if not any(answer == fits and type(answer) is type(fits) for fits in answers):
            words = [str(fits).lower() if isinstance(fits, bool) else fits for fits in answers]
            hint = did_you_mean(answer, words) if isinstance(answer, str) else ""
            raise ValueError(f"the reading {name!r} is {_either(words)}, not {answer!r}{hint}")
    return Readings(**chosen)


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
