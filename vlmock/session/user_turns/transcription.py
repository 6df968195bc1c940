"""What is written down of a spoken turn, and how it is told: pieces, phrases, probabilities, or that it failed.

Source: schema C 12 to 14, D1 ``include``, D7, E6; behaviour 3.3.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from math import log
from typing import Final

import msgspec

from vlmock.protocol.conversation import (
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemInputAudioTranscriptionFailed,
    LogProb,
    TranscriptionPhrase,
    TranscriptionWord,
)
from vlmock.protocol.errors import VoiceLiveErrorDetails
from vlmock.protocol.input_audio import InputAudioTranscription
from vlmock.protocol.session import ResponseSession
from vlmock.protocol.wire import UNSET, ServerEvent, given
from vlmock.session.pipeline import Pipeline
from vlmock.session.script import Heard
from vlmock.session.words import tokens

__all__ = ["SpeechSpan", "Transcription"]

_IN_ONE_PIECE: Final = "whisper"
_IN_PIECES: Final = "gpt-4o"
_WITH_PHRASES: Final = ("azure-", "mai-")
"""Assumed: the models that are Azure's own say when each word was said; OpenAI's do not."""
_WITH_LOGPROBS: Final = "gpt-4o"
"""Documented: schema D1, the gpt-4o-transcribe family."""
_CONFIDENCE: Final = 0.93
_LOCALE: Final = "en-US"
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")


class SpeechSpan(msgspec.Struct, frozen=True):
    """Where in the audio of an item the words are, in milliseconds from its start."""

    start_ms: float
    end_ms: float


class Transcription(msgspec.Struct, frozen=True):
    """The transcript of one item, on its way to the client."""

    item_id: str
    heard: Heard
    model: InputAudioTranscription
    include: Sequence[str]
    span: SpeechSpan

    @classmethod
    def of(cls, item_id: str, heard: Heard, span: SpeechSpan, settings: ResponseSession) -> "Transcription":
        """By the settings in force. Documented: schema D1, a cascade without any behaves as with azure-speech."""
        model = given(settings.input_audio_transcription, InputAudioTranscription(model="azure-speech"))
        return cls(item_id, heard, model, given(settings.include, []), span)

    def events(self, pipeline: Pipeline) -> Iterator[ServerEvent]:
        """Its pieces where the model gives any, and its end.

        Observed {PAI}: whisper's whole text comes as one delta. Assumed {OAI}: that of the gpt-4o family word by word.
        Observed {FON}: azure-speech, and a cascade, have none.
        """
        if self.heard.failure is not None:
            yield self._failed()
            return
        if pipeline.transcription_delta:
            for piece in self._pieces():
                logprobs = self._logprobs([piece])
                yield ConversationItemInputAudioTranscriptionDelta(
                    item_id=self.item_id, content_index=0, delta=piece, logprobs=logprobs
                )
        yield ConversationItemInputAudioTranscriptionCompleted(
            item_id=self.item_id,
            content_index=0,
            transcript=self.heard.text,
            logprobs=self._logprobs(tokens(self.heard.text)),
            phrases=self._phrases(),
        )

    def _failed(self) -> ServerEvent:
        """Assumed {OAI}: ``type`` and the usual ``code``. Observed (behaviour 6): other codes name what is missing."""
        failure = self.heard.failure
        assert failure is not None
        error = VoiceLiveErrorDetails(
            type="transcription_error", code=failure.code, message=failure.message, param=None, event_id=UNSET
        )
        return ConversationItemInputAudioTranscriptionFailed(item_id=self.item_id, content_index=0, error=error)

    def _pieces(self) -> Sequence[str]:
        if self.model.model.startswith(_IN_ONE_PIECE):
            return [self.heard.text]
        return tokens(self.heard.text) if self.model.model.startswith(_IN_PIECES) else []

    # ---- what is included when the session asks

    def _logprobs(self, pieces: Sequence[str]) -> list[LogProb] | msgspec.UnsetType:
        """Documented: schema D1, when the session includes them. Assumed: all as sure as the whole."""
        asked = "item.input_audio_transcription.logprobs" in self.include
        if not asked or not self.model.model.startswith(_WITH_LOGPROBS):
            return UNSET
        sure = round(log(max(self._confidence, 1e-6)), 6)
        return [LogProb(token=piece, logprob=sure, bytes=list(piece.encode())) for piece in pieces]

    def _phrases(self) -> list[TranscriptionPhrase] | msgspec.UnsetType:
        """Documented: schema E6, when the session includes them. Assumed: a phrase is a sentence; the words share the
        time of the speech by their lengths."""
        asked = "item.input_audio_transcription.phrases" in self.include
        if not asked or not self.model.model.startswith(_WITH_PHRASES):
            return UNSET
        sentences = [sentence.split() for sentence in _SENTENCE_END.split(self.heard.text) if sentence.strip()]
        timed = iter(_spread([word for sentence in sentences for word in sentence], self.span))
        return [self._phrase([next(timed) for _ in sentence]) for sentence in sentences]

    def _phrase(self, words: Sequence[TranscriptionWord]) -> TranscriptionPhrase:
        first, last = words[0], words[-1]
        return TranscriptionPhrase(
            offset_milliseconds=first.offset_milliseconds,
            duration_milliseconds=last.offset_milliseconds + last.duration_milliseconds - first.offset_milliseconds,
            text=" ".join(word.text for word in words),
            words=list(words),
            locale=self._locale,
            confidence=self._confidence,
        )

    @property
    def _confidence(self) -> float:
        return _CONFIDENCE if self.heard.confidence is None else self.heard.confidence

    @property
    def _locale(self) -> str:
        """Assumed: the first that the session names, with its region; else that of the default voice."""
        named = given(self.model.language, "").split(",")[0].strip()
        return self.heard.locale or (named if "-" in named else _LOCALE)


def _spread(words: Sequence[str], span: SpeechSpan) -> list[TranscriptionWord]:
    """The words one after the other, each as long as it has letters."""
    ends = list(accumulate((len(word) + 1 for word in words), initial=0))
    ms_per_letter = max(0.0, span.end_ms - span.start_ms) / max(1, ends[-1])
    instants = [round(span.start_ms + end * ms_per_letter) for end in ends]
    return [
        TranscriptionWord(text=word, offset_milliseconds=start, duration_milliseconds=end - start)
        for word, (start, end) in zip(words, pairwise(instants), strict=True)
    ]
