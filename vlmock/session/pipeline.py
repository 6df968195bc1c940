"""Which of the three services behind the endpoint is emulated, and everything that differs between them.

The rest of the session reads these fields and never asks for a model's name. Observed {FON, PAI, NB04, NETT}, unless a
field says otherwise: behaviour, fact 1.
"""

from functools import cache
from typing import Final

import msgspec

from vlmock.protocol.versions import reached
from vlmock.protocol.voices import OpenAIVoice, Voice
from vlmock.protocol.wire import UnsetType
from vlmock.session.models import Family, family

__all__ = ["CASCADE", "HYBRID", "NATIVE", "Pipeline", "choose", "in_small_pieces"]


class Pipeline(msgspec.Struct, frozen=True):
    """One of the services behind the endpoint, as far as a client can tell them apart."""

    name: str
    """``cascade``, ``hybrid`` or ``native``; also the name of its timing profile."""

    # ---- the user's turn

    transcribes_always: bool
    """The transcript *is* the input, so there is one whether or not the session asks for it."""
    item_announced_after_transcript: bool
    """The user's item is announced when its transcript is there, filled in, and the response follows it. Otherwise
    both come at the commit, with ``transcript: null``."""
    transcription_delta: bool
    """A transcript comes as one ``delta`` with all of it and then ``completed``. Observed {FON, PAI}: whisper on a
    realtime brain does this, a cascade sends no delta."""
    item_done_since: str | None
    """The api-version from which ``conversation.item.done`` follows ``created`` for spoken items. None: never.
    Observed {PAI}."""
    previous_item_skips_assistant: bool
    """A user item's ``previous_item_id`` names the user item before it, not the assistant's in between."""

    # ---- the assistant's turn

    assistant_item_prefix: str
    assistant_item_status: str
    """The status of an item in ``response.output_item.added``."""
    has_conversation_id: bool
    """``response.conversation_id`` is ``conv_…``; otherwise ``""``."""
    echoes_output_format: bool
    """``response.output_audio_format`` and ``max_output_tokens`` say what is in force; otherwise both are null."""
    temperature_in_session: float | None
    """What session and response answer with until the client says otherwise. None: the session has no such member,
    and the response has null."""
    text_part_done_is_empty: bool
    """``response.content_part.done`` of a text part carries ``""``. Observed {PAI}: behaviour 4.3."""
    transcript_interleaves_audio: bool
    """Transcript and audio alternate in small runs; otherwise a sentence's transcript comes before its audio.
    Observed {PAI, FON}: behaviour 4.1."""
    first_chunks_ms: tuple[int, ...]
    """Lengths of the first ``response.audio.delta`` events. Observed {FON}: behaviour 4.2, 200 ms and 300 ms."""
    chunk_ms: int
    """Length of each later one; what is left over makes the last. Observed {FON}: 500 ms; {PAI}: about 250 ms with an
    OpenAI voice."""

    # ---- the session

    timed_ids: bool
    """Ids share a prefix that looks like a time."""
    audio_counts_accumulate: bool
    """Usage counts the audio of all turns so far; otherwise that of the latest. Observed {FON}: behaviour 4.10.
    Assumed for hybrid: its brain is native's."""
    lifetime_s: int
    """``expires_at`` less the time of connecting."""

    # ---- what a reading may change

    most_delta_bytes: int | None = None
    """Longer pieces of audio come in several events. None: in one."""

    def announces_item_done(self, api_version: str) -> bool:
        """Whether ``conversation.item.done`` follows ``conversation.item.created`` for what the user said."""
        return self.item_done_since is not None and reached(api_version, self.item_done_since)


CASCADE: Final = Pipeline(
    name="cascade",
    transcribes_always=True,
    item_announced_after_transcript=True,
    transcription_delta=False,
    item_done_since=None,
    previous_item_skips_assistant=True,
    assistant_item_prefix="msg_",
    assistant_item_status="incomplete",
    has_conversation_id=False,
    echoes_output_format=False,
    temperature_in_session=0.8,
    text_part_done_is_empty=False,
    transcript_interleaves_audio=False,
    first_chunks_ms=(200, 300),
    chunk_ms=500,
    timed_ids=False,
    audio_counts_accumulate=False,
    lifetime_s=7200,
)
"""A text model that reads transcripts, and an Azure voice. Agents are of this kind."""

HYBRID: Final = Pipeline(
    name="hybrid",
    transcribes_always=False,
    item_announced_after_transcript=False,
    transcription_delta=True,
    item_done_since=None,
    previous_item_skips_assistant=False,
    assistant_item_prefix="item_",
    assistant_item_status="in_progress",
    has_conversation_id=True,
    echoes_output_format=True,
    temperature_in_session=None,
    text_part_done_is_empty=False,
    transcript_interleaves_audio=False,
    first_chunks_ms=(200, 300),
    chunk_ms=500,
    timed_ids=True,
    audio_counts_accumulate=True,
    lifetime_s=3600,
)
"""A model that hears, and an Azure voice."""

NATIVE: Final = Pipeline(
    name="native",
    transcribes_always=False,
    item_announced_after_transcript=False,
    transcription_delta=True,
    item_done_since="2026-04-10",
    previous_item_skips_assistant=False,
    assistant_item_prefix="item_",
    assistant_item_status="in_progress",
    has_conversation_id=True,
    echoes_output_format=True,
    temperature_in_session=None,
    text_part_done_is_empty=True,
    transcript_interleaves_audio=True,
    first_chunks_ms=(),
    chunk_ms=250,
    timed_ids=True,
    audio_counts_accumulate=True,
    lifetime_s=3600,
)
"""A model that hears and speaks with a voice of its own."""


def choose(model: str, voice: Voice | str | UnsetType | None, *, profile: str | None = None) -> Pipeline:
    """Which pipeline a model with a voice runs in. An agent has the model ``""``.

    Observed {FON}: behaviour, fact 1. Assumed: ``azure-realtime`` speaks for itself and is native; ``phi4-mm-realtime``
    is a cascade, for it takes azure-speech alone.
    """
    match family(model, profile):
        case Family.AZURE_REALTIME:
            return NATIVE
        case Family.REALTIME:
            return NATIVE if not voice or isinstance(voice, str | OpenAIVoice) else HYBRID
        case _:
            return CASCADE


@cache
def in_small_pieces(pipeline: Pipeline) -> Pipeline:
    """The same, but for how its audio is cut, by the reading ``4096_bytes``.

    Observed {NB04}: behaviour 4.2, groups that begin with 12000 bytes and grow to 43200, and no event has more than
    4096. Assumed: how they grow, and that voices of OpenAI are cut as ever.
    """
    if pipeline.transcript_interleaves_audio:
        return pipeline
    name = f"{pipeline.name} in small pieces"
    return msgspec.structs.replace(pipeline, name=name, first_chunks_ms=(250, 500), chunk_ms=900, most_delta_bytes=4096)
