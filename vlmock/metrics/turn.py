"""What is measured of one turn. Names and definitions are those of ``vlclient.latency``, as far as both can see it."""

from typing import Literal, TypeAlias

import msgspec

__all__ = ["BargeIn", "From", "Kind", "Turn"]

Kind: TypeAlias = Literal["spoken", "committed", "typed", "greeting"]
"""``greeting``: the client asked for an answer before anybody had said anything."""

From: TypeAlias = Literal["speech", "speech_stopped", "last_audio", "sent"]
"""The end of the speech in the audio; the event, where the audio did not come in real time; the last audio before a
commit; what the client sent."""


class BargeIn(msgspec.Struct, frozen=True, kw_only=True):
    """The user spoke while the answer was made or played. Seconds from ``speech_started``; None: did not happen, or
    nobody knows."""

    at: float | None
    """Of ``speech_started``, in seconds since the connection was opened."""
    last_audio_s: float | None = None
    """The last sound of the answer was sent; 0 when none came after. None where all of it had been sent before."""
    done_s: float | None = None
    """Its ``response.done``. None where that had been before."""
    silent_s: float | None = None
    """The client had fallen silent: as the test told, or at the latest when its truncate came."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One turn. All times are seconds from ``began``; None for what did not happen, has not yet, or nobody can know."""

    connection: int
    kind: Kind
    item_id: str | None = None
    """Of the user's item; None where it is not known."""
    began: float | None
    """When the user had finished speaking (estimated), or when what was typed was sent; seconds since the connection
    was opened."""
    measured_from: From
    uncertain_s: float = 0.0
    """The user may have finished so much earlier: a second opinion may have taken that long."""
    transcript_s: float | None = None
    response_created_s: float | None = None
    first_text_s: float | None = None
    first_audio_s: float | None = None
    """Sent, not heard."""
    first_heard_s: float | None = None
    """What counts: as the test told, or as the client's truncate gives away."""
    heard_by: Literal["told", "truncate"] | None = None
    tools_s: float | None = None
    """How long tools ran, from the call to their output; calls that overlap count once. In contrast to vlclient, also
    after the first sound. None when no call was answered."""
    responses: int = 0
    response_s: float | None = None
    """How long its responses took to be made, together."""
    audio_s: float = 0.0
    """How much sound was sent."""
    stalled_s: float | None = None
    """Silence within a response, because its sound came later than it could be played. None without sound."""
    overlap_s: float | None = None
    """How long the user spoke while the assistant was heard. None where the audio did not come in real time."""
    gap_s: float | None = None
    """How long it was quiet between the assistant's last sound and the user's first. None where they overlap."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    interrupted: bool = False
    """The user spoke again before the answer was made and played to its end."""
    barge_in: BargeIn | None = None
    """Where the user interrupted a response, or its sound."""
