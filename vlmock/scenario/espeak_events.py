"""Asks espeak-ng when it says what. A program of its own: ``python espeak_events.py TEXT_FILE WORDS_PER_MINUTE``.

The command ``espeak-ng`` tells no times, its library does. The library is under the GPL, so it is never loaded into
a process of ours; this one does nothing else, and ends with exit code 3 where there is no such library. It says the
same samples as the command. Standard output is JSON: ``samples``, ``rate_hz``, and ``events``, each
``["word", character, sample]`` (characters count from 0) or ``["phone", IPA, sample]`` ("" is a pause).
"""

import ctypes
import json
import sys
from collections.abc import Callable
from ctypes.util import find_library
from pathlib import Path
from typing import Any

_SYNCHRONOUS, _PHONEME_EVENTS_IN_IPA = 2, 1 | 2
_UTF8, _END_PAUSE = 1, 0x1000
_RATE = 1
_END, _WORD, _PHONEME = 0, 1, 7


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    """``espeak_EVENT`` of ``speak_lib.h``."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def main(text_file: str, words_per_minute: str) -> int:
    name = find_library("espeak-ng")
    if name is None:
        return 3
    library = ctypes.CDLL(name)
    rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS_IN_IPA)
    events: list[tuple[str, Any, int]] = []
    samples, hear = _listener(events)
    library.espeak_SetSynthCallback(hear)
    library.espeak_SetVoiceByName(b"en")
    library.espeak_SetParameter(_RATE, int(words_per_minute), 0)
    text = Path(text_file).read_bytes() + b"\0"
    library.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, 0, 0, _UTF8 | _END_PAUSE, None, None)
    library.espeak_Synchronize()
    json.dump({"samples": sum(samples), "rate_hz": rate_hz, "events": events}, sys.stdout)
    return 0


def _listener(events: list[tuple[str, Any, int]]) -> tuple[list[int], Callable[..., int]]:
    """Notes the events, and how many samples came each time."""
    samples: list[int] = []

    def hear(_: object, count: int, happened: Any) -> int:
        samples.append(count)
        place = 0
        while happened[place].type != _END:
            event = happened[place]
            if event.type == _WORD:
                events.append(("word", event.text_position - 1, event.sample))
            elif event.type == _PHONEME:
                events.append(("phone", event.id.string.decode(errors="ignore"), event.sample))
            place += 1
        return 0

    return samples, _CALLBACK(hear)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
