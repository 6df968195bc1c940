"""Turns that somebody outside listens to, before the script says what was said in them.

What is recognised is the emulator's business, and no behaviour of the service: to a client it is the time that the
transcript takes.
"""

from collections.abc import Generator, Iterator

from vlmock.protocol.audio_format import AudioFormat
from vlmock.session.effects import RecognitionRequest, Recognize, Remark
from vlmock.session.script import Recognized
from vlmock.session.timeline import AwaitTranscript, Beat, Supply

__all__ = ["Listening", "Recognitions"]


class Recognitions:
    """What was asked and not yet told, oldest first."""

    def __init__(self) -> None:
        self._asked: dict[int, Recognized | None] = {}

    def ask(self, key: int) -> None:
        self._asked[key] = None

    def arrived(self, key: int, recognized: Recognized) -> Iterator[tuple[int, Recognized]]:
        """What may be told now: turns keep their order, however long it took to understand each."""
        if key in self._asked:
            self._asked[key] = recognized
        while self._asked:
            oldest, known = next(iter(self._asked.items()))
            if known is None:
                return
            del self._asked[oldest]
            yield oldest, known


class Listening:
    """One turn that is listened to: ``begin`` where it is over, ``end`` where its words are needed."""

    def __init__(self, recognitions: Recognitions, key: int, item_id: str) -> None:
        self._recognitions = recognitions
        self._key = key
        self._item_id = item_id

    def begin(self, audio: bytes, audio_format: AudioFormat) -> Iterator[Recognize]:
        self._recognitions.ask(self._key)
        yield Recognize(self._key, RecognitionRequest(audio, audio_format))

    def end(self) -> Generator[Beat, Supply | None, Recognized]:
        """Waits for what was understood, and remarks on it."""
        recognized = yield AwaitTranscript(self._key)
        assert isinstance(recognized, Recognized)
        yield Remark("heard", f"{self._item_id} is {recognized}")
        return recognized
