"""What recordings cost: an hour of conversation read from the disk, and an append written down."""

import base64
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Final

import msgspec

from benchmarks.results import Row
from vlmock.protocol.recording.encoder import RecordingEncoder
from vlmock.protocol.recording.folder import RecordingFolder
from vlmock.protocol.recording.lines import EVENTS_FILE, Frame, Head

__all__ = ["measure"]

_APPENDS, _DELTAS = 180_000, 36_000
"""An hour: 20 ms each way at a time for the client, 100 ms for the server."""
_DIFFERENT: Final = 500
_LOADED_MS: Final = 2000.0
_LOADED_MB: Final = 200.0
_RECORDED_RATIO: Final = 8.0
_LOADING: Final = """
import sys, time
from resource import RUSAGE_SELF, getrusage
from vlmock.recording.reading import read
began = time.perf_counter()
(recording,) = read(sys.argv[1])
print((time.perf_counter() - began) * 1000, getrusage(RUSAGE_SELF).ru_maxrss / 1024, len(recording.frames))
"""
_DECODING: Final = """
import sys, time
import msgspec
from vlmock.protocol.recording.lines import Frame
began = time.perf_counter()
decode = msgspec.json.Decoder(Frame).decode
with open(sys.argv[1], "rb") as file:
    next(file)
    frames = [decode(line) for line in file]
print((time.perf_counter() - began) * 1000, 0, len(frames))
"""


def measure(*, quick: bool) -> Iterator[Row]:
    """In a process of its own for each reading, because what was read before would help; the disk's cache is warm."""
    rounds, part = (2, 0.02) if quick else (9, 1.0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "hour"
        _record_an_hour(folder, part)
        loaded, megabytes, decoded = [], [], []
        for _ in range(rounds):
            took, held = _run(_LOADING, folder)
            loaded.append(took)
            megabytes.append(held)
            decoded.append(_run(_DECODING, folder / EVENTS_FILE)[0])
        recorded, bare = zip(*(_appends(Path(name) / f"appends-{number}") for number in range(rounds)), strict=True)
    yield Row(
        "an hour's recording, read", "ms", loaded, target=_LOADED_MS, floor="msgspec, lines only", floor_samples=decoded
    )
    yield Row("an hour's recording, memory", "MB", megabytes, target=_LOADED_MB)
    yield Row(
        "an append, recorded",
        "µs",
        recorded,
        target=_RECORDED_RATIO,
        target_is_ratio=True,
        floor="msgspec, base64",
        floor_samples=bare,
    )


def _messages() -> tuple[list[str], list[str]]:
    dice = random.Random(1)
    sounds = [base64.b64encode(dice.randbytes(4800)).decode() for _ in range(_DIFFERENT)]
    place = {"event_id": "event_6UkYip0C2Yhq5gLxloq8cl", "response_id": "resp_0001", "item_id": "item_0001"}
    deltas = [
        json.dumps({"type": "response.audio.delta", **place, "output_index": 0, "content_index": 0, "delta": sound})
        for sound in sounds
    ]
    return [json.dumps({"type": "input_audio_buffer.append", "audio": sound[:1280]}) for sound in sounds], deltas


def _record_an_hour(folder: Path, part: float) -> None:
    appends, deltas = _messages()
    encoder, written = RecordingEncoder(Head(made_by="benchmarks")), RecordingFolder(folder)
    written.write(encoder.opened())
    for number in range(int(_APPENDS * part)):
        pieces = encoder.said("client", appends[number % _DIFFERENT], number / 50)
        if number % (_APPENDS // _DELTAS) == 0:
            pieces += encoder.said("server", deltas[number % _DIFFERENT], number / 50)
        written.write(pieces)
    written.write(encoder.closed("client", 1000, "", 3600.0))
    written.close()


def _appends(folder: Path) -> tuple[float, float]:
    """Microseconds for each: encoded and handed to the disk, sixteen at a time; and decoded and encoded alone."""
    appends, _ = _messages()
    encoder, written = RecordingEncoder(Head(made_by="benchmarks")), RecordingFolder(folder)
    written.write(encoder.opened())
    began = perf_counter()
    for start in range(0, _DIFFERENT, 16):
        written.write([piece for each in appends[start : start + 16] for piece in encoder.said("client", each, 1.0)])
    recorded = perf_counter() - began
    written.close()
    began = perf_counter()
    for each in appends:
        event = msgspec.json.decode(each)
        event["audio"] = len(base64.b64decode(event["audio"]))
        msgspec.json.encode(Frame(at=1.0, source="client", event=event))
    bare = perf_counter() - began
    return recorded * 1e6 / _DIFFERENT, bare * 1e6 / _DIFFERENT


def _run(program: str, path: Path) -> tuple[float, float]:
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    took, held, _ = map(float, done.stdout.split())
    return took, held
