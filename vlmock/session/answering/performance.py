"""A reply as the service would send it: which events, in which order, at which moments."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from itertools import takewhile
from typing import Final, TypeVar

from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.errors import ErrorDetails, ErrorEvent, WarningDetails, WarningEvent
from vlmock.session.answering.output_items import OutputItems, ReplyBrokenOff
from vlmock.session.answering.service_tools import annotate, perform, unsent
from vlmock.session.effects import Close, SendRaw, Speech, SpeechRequest, Synthesize
from vlmock.session.pipeline import Pipeline, in_small_pieces
from vlmock.session.script import (
    Call,
    Emit,
    Error,
    Fail,
    FileSearch,
    FoundryAgentCall,
    Incomplete,
    Invocation,
    McpCall,
    Say,
    Step,
    Wait,
    Warn,
    WebSearch,
)
from vlmock.session.script import Close as CloseStep
from vlmock.session.speaking.active_response import ActiveResponse, OpenMessage
from vlmock.session.speaking.runs import Run, run_of_words
from vlmock.session.speaking.speaking_rate import speaking_rate
from vlmock.session.speaking.speech_chunks import cut, interleaved
from vlmock.session.state import SessionState
from vlmock.session.timeline import At, AwaitSpeech, Beat, Plot, Supply
from vlmock.session.words import tokens

__all__ = ["Performance"]

Kind = TypeVar("Kind")

_NATIVE_HEAD_START_TOKENS = 4
"""Observed {PAI}: about four transcript deltas come before the first audio, then both alternate."""
_WITHIN_A_MESSAGE: Final = (Say, Wait, Emit, Error, Warn, Invocation)
"""What may stand between the words of one message."""


class Performance:
    """One reply, performed in one response."""

    def __init__(
        self,
        state: SessionState,
        response: ActiveResponse,
        steps: Sequence[Step],
        *,
        items: type[OutputItems] = OutputItems,
    ) -> None:
        self._state = state
        self._response = response
        self._items = items(state, response)
        self._steps = steps
        self._speech_keys: deque[int] = deque()
        """Of the words that have been ordered and not yet told, in their order."""

    def plot(self, *, at_once: bool = False) -> Plot:
        """The whole reply, in wire order, and before it the time that the model takes, unless it is told ``at_once``.

        Raises ReplyBrokenOff at a step that says so, TokenLimitReached at the limit.
        """
        yield from self._order_speech()
        if not at_once:
            yield At(self._state.now + self._state.seconds("llm_first"))
        place = 0
        while place < len(self._steps):
            step = self._steps[place]
            if isinstance(step, Say):
                said, calls = self._passage(place)
                yield from self._message(said, calls)
                place += len(said) + len(calls)
            else:
                yield from self._items.call(step) if isinstance(step, Call) else self._aside(step)
                place += 1

    # ---- the parts of a reply

    def _passage(self, start: int) -> tuple[Sequence[Step], Sequence[Call]]:
        """The steps that make one message, from its first words to its last, and the calls that follow directly."""
        steps = self._steps[start:]
        said = list(takewhile(lambda step: isinstance(step, _WITHIN_A_MESSAGE), steps))
        while not isinstance(said[-1], Say):
            said.pop()
        return said, list(_leading(Call, steps[len(said) :]))

    def _message(self, said: Sequence[Step], calls: Sequence[Call]) -> Plot:
        """A message item, and the calls beside it."""
        message = yield from self._items.open_message()
        opening = list(_leading(Say, said))
        calls_beside = calls if message.spoken and len(opening) == len(said) else ()
        yield from self._say(message, opening, calls_beside, first=True)
        for step in said[len(opening) :]:
            yield from self._say(message, [step], (), first=False) if isinstance(step, Say) else self._aside(step)
        yield from self._items.close_message(message, "completed")
        if not calls_beside:
            for call in calls:
                yield from self._items.call(call)

    def _aside(self, step: Step) -> Plot:
        """A step that is neither words nor a call."""
        if (remark := unsent(self._state, step)) is not None:
            yield remark
            return
        match step:
            case Wait(seconds=seconds):
                yield At(self._state.now + seconds)
            case Emit(event=event):
                yield SendRaw(event)
            case Error(message=message, code=code, type=kind, param=param):
                yield ErrorEvent(error=ErrorDetails(message=message, type=kind, code=code, param=param, event_id=None))
            case Warn() as warn:
                yield _warning(warn)
            case CloseStep(code=close_code, reason=reason):
                yield Close(close_code, reason)
            case Fail() | Incomplete() as ending:
                raise ReplyBrokenOff(ending)
            case McpCall() | WebSearch() | FileSearch() | FoundryAgentCall() | Invocation():
                yield from perform(self._state, self._response, step)

    # ---- words and sound

    def _say(self, message: OpenMessage, says: Sequence[Say], calls: Sequence[Call], *, first: bool) -> Plot:
        """Words of one message, ``first`` where it begins with them, and the calls that are made beside them."""
        if not message.spoken:
            yield from self._written(message, says)
            yield from self._unheard(message, says, first=first)
        elif self._state.pipeline.transcript_interleaves_audio:
            for number, say in enumerate(says):
                yield from self._interleaved(message, say, first=first and number == 0)
                yield from annotate(self._state, self._response, message, say)
            for call in calls:
                yield from self._items.call(call)
        else:
            yield from self._transcript_first(message, says, calls, first=first)

    def _written(self, message: OpenMessage, says: Sequence[Say]) -> Iterator[Beat]:
        for say in says:
            yield from self._paced(message, run_of_words(_spaced(message, say)))
            yield from annotate(self._state, self._response, message, say)

    def _paced(self, message: OpenMessage, run: Run) -> Iterator[Beat]:
        """Words and speech one by one as they are generated, or all at once where nothing takes time."""
        if self._state.timing.takes_no_time:
            return self._items.deltas(message, run)
        return self._one_by_one(message, run)

    def _one_by_one(self, message: OpenMessage, run: Run) -> Iterator[Beat]:
        for single in run.singly():
            yield from self._items.deltas(message, single)
            yield At(self._state.now + self._seconds_for(single))

    def _seconds_for(self, single: Run) -> float:
        """Observed {FON}: audio is generated much faster than it plays."""
        if not single.audio:
            return self._state.seconds("token_gap")
        return single.duration_ms / 1000 / self._state.timing.audio_speed(self._state.pace)

    def _unheard(self, message: OpenMessage, says: Sequence[Say], *, first: bool) -> Plot:
        """Observed {NETT}: a face moves to words that are written. Assumed: as fast as they would be spoken."""
        if message.marking is None:
            return
        for number in range(len(says)):
            speech = yield from self._next_speech(message)
            for single in cut(speech, *self._how, opening=first and number == 0).singly():
                yield from message.marking.marks(single.duration_ms)
                yield At(self._state.now + self._seconds_for(single))

    def _transcript_first(
        self, message: OpenMessage, says: Sequence[Say], calls: Sequence[Call], *, first: bool
    ) -> Plot:
        """Observed {FON, NB04}: transcript, then audio; calls come between the two, and the message is done last."""
        begun = self._state.now
        yield from self._written(message, says)
        for call in calls:
            yield from self._items.call(call)
        yield At(begun + self._state.seconds("tts_first"))
        for number in range(len(says)):
            if number:
                yield At(self._state.now + self._state.seconds("sentence_gap"))
            speech = yield from self._next_speech(message)
            yield from self._paced(message, cut(speech, *self._how, opening=first and number == 0))

    def _interleaved(self, message: OpenMessage, say: Say, *, first: bool) -> Plot:
        """Observed {PAI}: transcript and audio alternate in small runs, audio last."""
        words = _spaced(message, say)
        begun = self._state.now
        yield from self._paced(message, run_of_words(words, _NATIVE_HEAD_START_TOKENS))
        if first:
            yield At(begun + self._state.seconds("tts_first"))
        speech = yield from self._next_speech(message)
        tail = tokens(words)[_NATIVE_HEAD_START_TOKENS:]
        whole, *runs = interleaved(speech, *self._how, tail, opening=first)
        if self._state.timing.takes_no_time or not whole.audio:
            yield from self._paced(message, whole)
            return
        for chunk, words_after in zip(runs[::2], runs[1::2], strict=True):
            yield from self._paced(message, chunk)
            yield from self._items.deltas(message, words_after)

    def _order_speech(self) -> Iterator[Synthesize]:
        """Have all words of the reply spoken while the model still "thinks"."""
        if not self._response.voiced:
            return
        voice = self._response.voice
        for say in self._steps:
            if not isinstance(say, Say):
                continue
            key = self._state.new_key()
            self._speech_keys.append(key)
            request = SpeechRequest(
                text=say.text,
                format=self._response.audio_format,
                voice=getattr(voice, "name", "") or "",
                rate=speaking_rate(voice),
                audio=say.audio,
                marks=self._response.marks is not None,
            )
            yield Synthesize(key, request)

    def _next_speech(self, message: OpenMessage) -> Generator[Beat, Supply | None, Speech]:
        speech = yield AwaitSpeech(self._speech_keys.popleft())
        assert isinstance(speech, Speech)
        if message.marking is not None:
            message.marking.begin(speech)
        return speech

    @property
    def _how(self) -> tuple[AudioFormat, Pipeline]:
        """In which format speech goes out, and in whose pieces."""
        pipeline, small = self._state.pipeline, self._state.readings.audio_deltas == "4096_bytes"
        return self._response.audio_format, in_small_pieces(pipeline) if small else pipeline


def _leading(kind: type[Kind], steps: Sequence[Step]) -> Iterator[Kind]:
    for step in steps:
        if not isinstance(step, kind):
            return
        yield step


def _spaced(message: OpenMessage, say: Say) -> str:
    """The words, parted by a space from those before them."""
    return f" {say.text}" if message.text and say.text and not message.text[-1].isspace() else say.text


def _warning(warn: Warn) -> WarningEvent:
    """Documented {DOC}: warnings are for information. What the service warns of is not known, so a script says it."""
    return WarningEvent(warning=WarningDetails(message=warn.message, code=warn.code, param=warn.param))
