"""What may differ, by how much, and why: bounds of numbers, and what is known to be otherwise.

A path is an event's type and the names of the members that lead on from it: ``session.updated.session.greeting``.
Places in lists are not written. ``*`` stands for any characters. A path holds for all that is below it.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import msgspec

__all__ = ["KNOWN", "Allowance", "Bound", "allowed", "bound_for", "parse_allowance"]


class Allowance(msgspec.Struct, frozen=True):
    """A difference that is expected: it counts as ``looser``."""

    path: str
    reason: str = "allowed by the user"


class Bound(msgspec.Struct, frozen=True):
    """How far two numbers may be apart: by ``plus``, or by ``factor``, whichever is more."""

    path: str
    reason: str
    plus: float = 0.0
    factor: float = 1.0

    def holds(self, one: float, other: float) -> bool:
        """Whether they are near enough."""
        smaller, larger = sorted((abs(one), abs(other)))
        return abs(one - other) <= self.plus or (one * other > 0 and larger <= smaller * self.factor)


BOUNDS: Final = (
    Bound(
        "*.usage",
        "tokens are counted by the service's own tokenizer, hidden prompt included; the emulator estimates (Assumed)",
        plus=400,
        factor=4,
    ),
    Bound(
        "*.audio_start_ms",
        "two frames of 32 ms: a detector hears the edge of speech in whole frames (Observed {FON, PAI})",
        plus=64,
    ),
    Bound(
        "*.audio_end_ms",
        "two frames of 32 ms: a detector hears the edge of speech in whole frames (Observed {FON, PAI})",
        plus=64,
    ),
    Bound(
        "*.timeout_ms",
        "a tenth: it is measured, not set",
        factor=1.1,
    ),
    Bound("*.expires_at", "a minute, from the beginning of the session: clocks differ (Assumed)", plus=60),
    Bound("*.confidence", "how sure a transcription is differs with each hearing (Assumed)", plus=0.5),
    Bound("*.logprobs", "how sure a transcription is differs with each hearing (Assumed)", plus=5, factor=10),
    Bound("*.score", "how well a file fits is the search's own (Assumed)", plus=0.5),
    Bound("*.deltas", "words and sound are cut elsewhere (Observed {PAI, FON}: pieces differ from session to session)",
          plus=8, factor=6),
    Bound("*.sound_ms", "the same words are spoken at another pace each time (Observed {PAI})", plus=300, factor=1.5),
    Bound("*.speech_ms", "silence around the words is the voice's own", plus=300, factor=1.5),
    Bound("*.loudness_db", "another voice, another microphone", plus=12),
)  # fmt: skip
"""``deltas`` is how many a run has, ``sound_ms`` how long their sound lasts, ``speech_ms`` how much of that is speech,
and ``loudness_db`` how loud it is."""

KNOWN: Final = (
    Allowance("session.*.session.greeting", "builds from August 2026 on have it (Observed {FON})"),
    Allowance("session.*.session.handoff", "builds from August 2026 on have it (Observed {FON})"),
    Allowance(
        "session.created.session.output_audio_format",
        "null at connect in the build of July 2026, pcm16 in that of August (Observed {FON})",
    ),
    Allowance("session.avatar.connecting.server_sdp", "the emulator's own answer, with addresses that lead nowhere"),
    Allowance("session.*.session.avatar.ice_servers", "the emulator names a server that does not exist"),
    Allowance("response.video.delta", "the emulator's film is its own"),
    Allowance("rate_limits.updated", "documented, but in no log: the reading rate_limits has the emulator send it"),
    Allowance("session.created.session.instructions", "the emulator has a text of its own, not Microsoft's"),
    Allowance("session.updated.session.instructions", "the emulator has a text of its own, not Microsoft's"),
)
"""Where the emulator differs from the service, or one build of the service from another, for a known reason."""


def parse_allowance(text: str) -> Allowance:
    """``session.updated.session.greeting=since August``, the reason may be left out. Raises ValueError."""
    path, _, reason = text.partition("=")
    if not re.fullmatch(r"[\w.*()\[\]-]+", path.strip()):
        raise ValueError(f"{text!r} names no member: write EVENT.MEMBER, for example session.updated.session.greeting")
    return Allowance(path.strip(), reason.strip() or "allowed by the user")


def allowed(path: str, allowances: Sequence[Allowance]) -> Allowance | None:
    """The first that holds for a path."""
    return next((each for each in allowances if _covers(each.path, path)), None)


def bound_for(path: str) -> Bound | None:
    """What holds for the number at a path; None: it is to be the same."""
    return next((bound for bound in BOUNDS if _covers(bound.path, path)), None)


def _covers(pattern: str, path: str) -> bool:
    return _compiled(pattern).fullmatch(_PLACES.sub("", path)) is not None


_PLACES: Final = re.compile(r"\[\d+\]")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in _PLACES.sub("", pattern).split("*"))
    return re.compile(".*".join(parts) + r"(\..*)?")
