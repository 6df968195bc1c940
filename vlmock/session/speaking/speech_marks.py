"""What is told about speech beside its sound: when each word comes, and how a face moves with it.

Source: schema C 31 to 36, D1, D9; behaviour 4.11.
"""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any

import msgspec

from vlmock.protocol.deltas import Deltas
from vlmock.protocol.output import (
    Animation,
    ResponseAnimationBlendshapesDelta,
    ResponseAnimationBlendshapesDone,
    ResponseAnimationVisemeDelta,
    ResponseAnimationVisemeDone,
    ResponseAudioTimestampDelta,
    ResponseAudioTimestampDone,
)
from vlmock.protocol.response import ResponseCreateParams
from vlmock.protocol.session import ResponseSession
from vlmock.protocol.voices import (
    AzureCustomVoice,
    AzurePlatformVoice,
    AzureSpeechVoice,
    AzureStandardVoice,
    CustomVoice,
    Voice,
)
from vlmock.protocol.wire import ServerEvent, given
from vlmock.session.effects import Speech, SpeechMarks
from vlmock.session.readings import Readings
from vlmock.session.speaking.runs import Piece

__all__ = ["Marking", "WantedMarks", "wanted_marks"]

_FACES_OF = AzureStandardVoice | AzureCustomVoice | AzurePlatformVoice | CustomVoice
_DEFAULT_OUTPUTS = ["blendshapes"]


class WantedMarks(msgspec.Struct, frozen=True):
    """Which kinds a response sends. At least one."""

    words: bool
    visemes: bool
    blendshapes: bool


def wanted_marks(
    settings: ResponseSession,
    params: ResponseCreateParams,
    readings: Readings,
    *,
    voice: Voice | None,
    modalities: Sequence[str],
) -> WantedMarks | None:
    """Documented {DOC}: word times come with Azure voices, visemes with standard and custom ones; ``outputs`` is
    blendshapes where it is left out (schema D9). Observed {SDKT}: no modality has to name the animation. Observed
    {NETT}: visemes come without audio where a modality does.

    Assumed: other voices have none, and nobody is told; blendshapes come where visemes would; the times of words that
    are not heard are not sent; a response in text alone has no voice and no face.
    """
    animation = given(params.animation, given(settings.animation, None))
    outputs = given(animation.outputs, _DEFAULT_OUTPUTS) if isinstance(animation, Animation) else []
    times = given(settings.output_audio_timestamp_types, [])
    if not outputs and not times:
        return None
    has_face = isinstance(voice, _FACES_OF) and not {"audio", "animation"}.isdisjoint(modalities)
    wanted = WantedMarks(
        words="audio" in modalities and isinstance(voice, AzureSpeechVoice) and "word" in times,
        visemes=has_face and "viseme_id" in outputs,
        blendshapes=has_face and "blendshapes" in outputs and readings.blendshapes,
    )
    return wanted if wanted.words or wanted.visemes or wanted.blendshapes else None


class Marking:
    """Tells the marks of one message, each ahead of the speech that it describes.

    All times count from the beginning of the message, which may consist of several speeches.
    """

    def __init__(self, wanted: WantedMarks, response_id: str, item_id: str, output_index: int) -> None:
        self._wanted = wanted
        self._item: dict[str, Any] = {"response_id": response_id, "item_id": item_id, "output_index": output_index}
        self._part = self._item | {"content_index": 0}
        self._marks = SpeechMarks()
        self._begins_ms = self._told_ms = 0.0
        """Where the speech begins, and up to where it has been told."""
        self._words = self._visemes = self._frames = 0
        """How many of the speech's words and visemes, and of the message's frames, have been told."""

    def begin(self, speech: Speech) -> None:
        """This is said next."""
        self._marks = speech.marks
        self._begins_ms = self._told_ms
        self._words = self._visemes = 0

    def woven(self, run: Deltas, said: Sequence[Piece]) -> Iterator[ServerEvent | Deltas]:
        """The run of deltas for what is said, cut wherever a mark comes first. Observed {SDKT, NETT}."""
        cut = 0
        for place, piece in enumerate(said):
            marks = [] if isinstance(piece, str) else list(self.marks(piece.duration_ms))
            if marks and place > cut:
                before, run = run.parted(place - cut)
                cut = place
                yield before
            yield from marks
        yield run

    def marks(self, duration_ms: float) -> Iterator[ServerEvent]:
        """What begins during the next so many milliseconds of the speech. Assumed: word times, then visemes, then the
        face."""
        self._told_ms += duration_ms
        if self._wanted.words:
            yield from self._word_times()
        if self._wanted.visemes:
            yield from self._mouth_shapes()
        if self._wanted.blendshapes:
            yield from self._faces()

    def done(self) -> Iterator[ServerEvent]:
        """Documented {DOC}: one for each kind, when all of it was returned. Assumed: right before ``audio.done``, also
        where the response was broken off, and where there was nothing to tell."""
        if self._wanted.words:
            yield ResponseAudioTimestampDone(**self._part)
        if self._wanted.visemes:
            yield ResponseAnimationVisemeDone(**self._part)
        if self._wanted.blendshapes:
            yield ResponseAnimationBlendshapesDone(**self._item)

    def _word_times(self) -> Iterator[ServerEvent]:
        """Documented {DOC}: each word with its offset and duration. Observed {SDKT}."""
        words, begins_ms = self._marks.words, int(self._begins_ms)
        while self._words < len(words) and begins_ms + words[self._words].offset_ms < self._told_ms:
            word = words[self._words]
            self._words += 1
            yield ResponseAudioTimestampDelta(
                **self._part,
                audio_offset_ms=begins_ms + word.offset_ms,
                audio_duration_ms=word.duration_ms,
                text=word.text,
            )

    def _mouth_shapes(self) -> Iterator[ServerEvent]:
        """Observed {NETT}: ids 0 to 21, offsets strictly rising. Documented {DOC}."""
        visemes, begins_ms = self._marks.visemes, int(self._begins_ms)
        while self._visemes < len(visemes) and begins_ms + visemes[self._visemes].offset_ms < self._told_ms:
            viseme = visemes[self._visemes]
            self._visemes += 1
            yield ResponseAnimationVisemeDelta(
                **self._part, audio_offset_ms=begins_ms + viseme.offset_ms, viseme_id=viseme.viseme_id
            )

    def _faces(self) -> Iterator[ServerEvent]:
        """Documented (schema C 31): batches, each with the index of its first frame. Assumed: one for each piece of
        speech."""
        from vlmock.session.speaking.blendshapes import FRAMES_PER_SECOND, frame_at

        first, self._frames = self._frames, ceil(self._told_ms * FRAMES_PER_SECOND / 1000)
        instants = [frame * 1000 / FRAMES_PER_SECOND - self._begins_ms for frame in range(first, self._frames)]
        if instants:
            frames = [frame_at(self._marks.visemes, at_ms) for at_ms in instants]
            yield ResponseAnimationBlendshapesDelta(**self._part, frames=frames, frame_index=first)
