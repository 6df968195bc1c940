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
    from collections.abc import Mapping, Sequence

__all__ = ["RATE_HZ", "Answer", "Request", "received", "send"]

RATE_HZ: Final = 16_000
"""What the acoustic model was made for."""
_WINDOW: Final = 40
"""Frames over which a score is averaged: a wrong word does not get lost among the right ones."""
_SILENCE: Final = "_silence_"
_PAUSE: Final = 15
_PAUSE_COUNTS: Final = 2.0
"""Frames from which on a silence is more than the gap in a word, and how much its score counts then: real silence is a
much better silence than any word is a word, and what is said behind a sentence must not pass for it."""
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


class Answer(msgspec.Struct, frozen=True):
    """The phrase that fits best."""

    phrase: str = ""
    """"" when none can be made to fit."""
    score: float = -math.inf
    """Of its worst 0.4 seconds: 0 is what the model would like best, -75 is doubtful."""
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
        self._sphinx.add_word(_SILENCE, "SIL", True)
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
        words = [word for word in found.hypstr.split() if word != _SILENCE]
        return Answer(" ".join(words), self._worst_score())

    def _grammar(self, phrases: "Sequence[str]", pronunciations: "Mapping[str, str]") -> str:
        known = tuple(phrases)
        if known not in self._grammars:
            if len(self._grammars) == _MOST_GRAMMARS:
                self._sphinx.remove_search(self._grammars.pop(next(iter(self._grammars))))
            for word, phones in pronunciations.items():
                if self._sphinx.lookup_word(word) is None:
                    self._sphinx.add_word(word, phones, True)
            pause = f" [ {_SILENCE} ] "
            said = " | ".join(pause.join(phrase.split()) for phrase in phrases)
            self._made += 1
            name = f"grammar{self._made}"
            rule = f"public <said> = {pause} ( {said} ) {pause};"
            self._sphinx.add_jsgf_string(name, f"#JSGF V1.0; grammar {name}; {rule}")
            self._grammars[known] = name
        return self._grammars[known]

    def _worst_score(self) -> float:
        sums = [0.0]
        for part in self._sphinx.seg():
            frames = part.end_frame - part.start_frame + 1
            if part.start_frame >= 0 and part.word != "(NULL)":
                score = math.log(max(part.ascore, sys.float_info.min)) / _LOG_BASE / frames
                if part.word == _SILENCE and frames >= _PAUSE:
                    score *= _PAUSE_COUNTS
                sums += [sums[-1] + score * frame for frame in range(1, frames + 1)]
        window = min(_WINDOW, len(sums) - 1)
        if not window:
            return -math.inf
        return min(after - before for before, after in zip(sums, sums[window:], strict=False)) / window


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
