"""Which of some sentences was said: by pocketsphinx, in processes beside this one.

pocketsphinx holds the interpreter while it decodes, so in a thread it would stall whoever shares it: for 30 ms with a
sentence of two seconds, for half a second with a long one. A process costs 60 MB and starts in a third of a second; it
starts when it is needed, and is kept.
"""

import contextlib
import importlib.util
import os
import subprocess
import sys
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from vlmock.errors import RecognitionError
from vlmock.recognition.recognizer_process import RATE_HZ, Answer, Request, received, send
from vlmock.recognition.spelling import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Likely", "Recognizer", "require_pocketsphinx"]

_PEAK: Final = 12_000.0
_HISS: Final = 50.0
"""Root mean square. The acoustic model knows no digital silence: without a little noise synthetic voices are not
understood. Measured: 34 of 34 sentences of espeak-ng instead of 13."""
_AROUND_S: Final = 0.2
_FAREWELL_SECONDS: Final = 0.5


def require_pocketsphinx() -> None:
    """Raises RecognitionError when it is not installed."""
    if importlib.util.find_spec("pocketsphinx") is None:
        raise RecognitionError(
            "pocketsphinx is not installed: run \"pip install 'vlmock[recognition]'\", "
            "or use the recognition 'scripted', which needs nothing"
        )


class Likely(NamedTuple):
    """The sentence that fits best."""

    sentence: str
    confidence: float
    """0 to 1; from 0.5 on it was this one."""


class Recognizer:
    """Listens to whole turns. From any thread, several at once; each has a process to itself meanwhile."""

    def __init__(self) -> None:
        """Raises RecognitionError when pocketsphinx is not installed."""
        require_pocketsphinx()
        self._idle: list[subprocess.Popen[bytes]] = []
        self._all: set[subprocess.Popen[bytes]] = set()
        self._lock = Lock()
        self._closed = False

    def prepare(self, vocabulary: Vocabulary) -> None:
        """Start what will be needed. Blocks; raises RecognitionError."""
        self._ask(Request(list(vocabulary.sentences), vocabulary.pronunciations, b""))

    def listen(self, samples: "NDArray[np.int16]", rate_hz: int, vocabulary: Vocabulary) -> Likely | None:
        """The likeliest sentence; None when none can be made to fit. Blocks, for about a fifteenth of what it lasts.

        ``samples``: shape (samples,), mono. Raises RecognitionError when the process fails.
        """
        from vlmock.recognition.likelihood import confidence

        audio = _prepared(samples, rate_hz)
        answer = self._ask(Request(list(vocabulary.sentences), vocabulary.pronunciations, audio))
        if not answer.phrase:
            return None
        return Likely(vocabulary.sentences[answer.phrase], confidence(answer.parts, audio))

    def close(self) -> None:
        """End the processes; who still waits for one gets a RecognitionError. Safe to call again."""
        with self._lock:
            self._closed = True
            ending, self._all = self._all, set()
        for process in ending:
            process.kill()
        for process in ending:
            _reap(process)

    def _ask(self, request: Request) -> Answer:
        process = self._take()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            send(process.stdin, request)
            data = received(process.stdout)
        except (OSError, ValueError):  # ValueError: its pipes are closed
            data = b""
        if not data:
            raise RecognitionError(f"pocketsphinx ended{self._reason(process)} while it listened to a turn")
        self._idle.append(process)
        answer = msgspec.msgpack.decode(data, type=Answer)
        if answer.error:
            raise RecognitionError(f"pocketsphinx failed: {answer.error}")
        return answer

    def _take(self) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._closed:
                raise RecognitionError("nobody listens any more: the server has been stopped")
            with contextlib.suppress(IndexError):
                return self._idle.pop()
            # The same modules are found there as here, however they were found here.
            paths = os.pathsep.join(filter(None, sys.path))
            process = subprocess.Popen(
                [sys.executable, "-m", "vlmock.recognition.recognizer_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": paths},
            )
            self._all.add(process)
            return process

    def _reason(self, process: "subprocess.Popen[bytes]") -> str:
        with self._lock:
            if process not in self._all:
                return ""
            self._all.discard(process)
        process.kill()
        return f" with exit code {_reap(process)}"


def _reap(process: "subprocess.Popen[bytes]") -> int | None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was still to be written
                pipe.close()
    try:
        return process.wait(_FAREWELL_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _prepared(samples: "NDArray[np.int16]", rate_hz: int) -> bytes:
    """As loud as all others, with a little noise in it and around it, always the same."""
    import numpy as np
    import soxr  # type: ignore[import-untyped]  # has none

    wave = samples.astype(np.float32)
    if rate_hz != RATE_HZ:
        wave = soxr.resample(wave, rate_hz, RATE_HZ)
    wave = np.pad(wave * (_PEAK / max(1.0, float(np.abs(wave).max(initial=0)))), round(_AROUND_S * RATE_HZ))
    wave += np.random.default_rng(0).normal(0, _HISS, len(wave)).astype(np.float32)
    return np.rint(wave).astype("<i2").tobytes()
