"""Listens with pocketsphinx, in a process of its own: while it decodes it lets no other thread run.

Reads requests from standard input and writes an answer to each, both as msgpack behind four bytes of length. Ends with
its input.
"""

import math
import signal
import sys
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["RATE_HZ", "SILENCE", "Answer", "Part", "Request", "received", "send"]

RATE_HZ: Final = 16_000
"""What the acoustic model was made for."""
SILENCE: Final = "_silence_"
_MOST_GRAMMARS: Final = 16
_LOG_BASE: Final = math.log(1.0001)


class Request(msgspec.Struct, frozen=True):
    """Which of these phrases is said here?"""

    phrases: list[str]
    """Small words, parted by spaces."""
    pronunciations: dict[str, str]
    """In the phones of the dictionary, for words that it may lack."""
    audio: bytes
    """Samples of 16 bits at ``RATE_HZ``; without any, nothing is listened to and only the grammar made."""


class Part(msgspec.Struct, frozen=True):
    """A stretch of the sound and the word that it was taken for."""

    word: str
    """``SILENCE`` where it is none."""
    first: int
    """Frame, of 10 ms."""
    frames: int
    score: float
    """Of all its frames: 0 is what the model would like best."""


class Answer(msgspec.Struct, frozen=True):
    """The phrase that fits best."""

    phrase: str = ""
    """"" when none can be made to fit."""
    parts: list[Part] = []
    error: str = ""


def send(stream: IO[bytes], message: Request | Answer) -> None:
    """Write one message."""
    data = msgspec.msgpack.encode(message)
    stream.write(len(data).to_bytes(4, "big") + data)
    stream.flush()


def received(stream: IO[bytes]) -> bytes:
    """Read one message; b"" at the end."""
    header = stream.read(4)
    return stream.read(int.from_bytes(header, "big")) if len(header) == 4 else b""


class _Decoder:
    """pocketsphinx, and the grammars that it has met."""

    def __init__(self) -> None:
        import pocketsphinx  # type: ignore[import-untyped]  # has none

        # All senones, so that each frame is measured against the best that could have been said; no fillers, so that
        # what is no word of the sentence cannot pass for noise.
        self._sphinx: Any = pocketsphinx.Decoder(
            lm=None, loglevel="FATAL", bestpath=False, fsgusefiller=False, compallsen=True
        )
        self._sphinx.add_word(SILENCE, "SIL", True)
        self._grammars: dict[tuple[str, ...], str] = {}
        self._made = 0

    def answer(self, request: Request) -> Answer:
        name = self._grammar(request.phrases, request.pronunciations)
        if not request.audio:
            return Answer()
        sphinx = self._sphinx
        sphinx.activate_search(name)
        sphinx.start_utt()
        sphinx.process_raw(request.audio, full_utt=True)
        sphinx.end_utt()
        found = sphinx.hyp()
        if found is None:
            return Answer()
        words = [word for word in found.hypstr.split() if word != SILENCE]
        return Answer(" ".join(words), list(self._parts()))

    def _grammar(self, phrases: "Sequence[str]", pronunciations: "Mapping[str, str]") -> str:
        known = tuple(phrases)
        if known not in self._grammars:
            if len(self._grammars) == _MOST_GRAMMARS:
                self._sphinx.remove_search(self._grammars.pop(next(iter(self._grammars))))
            for word, phones in pronunciations.items():
                if self._sphinx.lookup_word(word) is None:
                    self._sphinx.add_word(word, phones, True)
            pause = f" [ {SILENCE} ] "
            said = " | ".join(pause.join(phrase.split()) for phrase in phrases)
            self._made += 1
            name = f"grammar{self._made}"
            rule = f"public <said> = {pause} ( {said} ) {pause};"
            self._sphinx.add_jsgf_string(name, f"#JSGF V1.0; grammar {name}; {rule}")
            self._grammars[known] = name
        return self._grammars[known]

    def _parts(self) -> "Iterator[Part]":
        for part in self._sphinx.seg():
            frames = part.end_frame - part.start_frame + 1
            if part.start_frame >= 0 and part.word != "(NULL)":
                score = math.log(max(part.ascore, sys.float_info.min)) / _LOG_BASE
                yield Part(part.word, part.start_frame, frames, score)


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, whose end is the end of the input
    decoder: _Decoder | None = None
    while data := received(sys.stdin.buffer):
        try:
            decoder = decoder or _Decoder()
            answer = decoder.answer(msgspec.msgpack.decode(data, type=Request))
        except Exception as error:  # the other side reports it
            answer = Answer(error=f"{type(error).__name__}: {error}")
        send(sys.stdout.buffer, answer)


if __name__ == "__main__":
    _main()
