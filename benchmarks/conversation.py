"""What a conversation in real time costs the reference client, and how much later sound is because of it."""

import json
import subprocess
import tempfile
import wave
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.processes import ROOT, emulator, environment, python, started
from benchmarks.results import Row
from benchmarks.talking import Cost
from tests.sound_card import SoundCard, what_is_missing
from vlclient.audio.wav import read_wav

__all__ = ["measure"]

_WORDS: Final = ROOT / "vlmock" / "demo" / "what_is_the_weather.wav"
_SCENARIO: Final = Path(__file__).with_name("ten_seconds.yaml")
_RATE_HZ: Final = 24_000
_INTERRUPTS_AFTER_S: Final = 9.0
"""The answer to the first question, ten seconds long, is being heard then."""
_TARGET_PERCENT: Final = 5.0
_TARGET_MS: Final = 5.0
_PATIENCE_SECONDS: Final = 60.0


def measure(*, quick: bool) -> Iterator[Row]:
    """A question, its answer of ten seconds, interrupted by another question, and the answer to that. All clients talk
    at the same time, each in a conversation of its own, so that what else the machine does is the same for them; and
    with devices, too, where PulseAudio can be one."""
    rounds, seconds = (1, 5.0) if quick else (4, 25.0)
    kinds = ["files", "bare"] if what_is_missing() else ["files", "bare", "card"]
    costs: dict[str, list[Cost]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder, started(emulator(str(_SCENARIO), timing="cascade")) as server:
        wav = _spoken(Path(folder, "spoken.wav"))
        for _ in range(rounds):
            for kind, cost in _talk(kinds, server.port, seconds, wav).items():
                costs[kind].append(cost)
    bare = costs.pop("bare")
    for kind in costs:
        yield from _rows("WAV files" if kind == "files" else "sound card", costs[kind], bare)


def _rows(how: str, costs: Sequence[Cost], bare: Sequence[Cost]) -> Iterator[Row]:
    blocks: list[tuple[float, float]] = []
    for own, floor in zip(costs, bare, strict=True):
        blocks += zip(own.block_ms, floor.block_ms, strict=False)  # whoever began a moment earlier has one more
    yield Row(
        f"client in a conversation, {how}",
        "% of a core",
        [cost.cpu_percent for cost in costs],
        target=_TARGET_PERCENT,
        floor="websockets, same frames, answers dropped",
        floor_samples=[cost.cpu_percent for cost in bare],
    )
    yield Row(
        f"client, microphone's block to frame, {how}",
        "ms",
        [own for own, _ in blocks],
        target=_TARGET_MS,
        floor="websockets, same frames, by timer",
        floor_samples=[floor for _, floor in blocks],
    )
    yield Row(
        f"client, delta to loudspeaker's queue, {how}",
        "ms",
        [latency for cost in costs for latency in cost.delta_ms],
        target=_TARGET_MS,
    )


def _talk(kinds: Sequence[str], port: int, seconds: float, wav: Path) -> dict[str, Cost]:
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        card = None
        if "card" in kinds:
            card = SoundCard()
            stack.callback(card.stop)
            card.start()
        clients = {}
        for kind in kinds:
            command = python("-m", "benchmarks.talking", kind, url, str(seconds), str(wav))
            variables = environment() | (card.variables if card and kind == "card" else {})
            clients[kind] = stack.enter_context(
                subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=variables)
            )
            stack.callback(clients[kind].kill)
        if card is not None:
            card.wait_for_microphone()
            card.speak(wav)
        return {kind: _cost(client) for kind, client in clients.items()}


def _cost(client: "subprocess.Popen[str]") -> Cost:
    printed, _ = client.communicate(timeout=_PATIENCE_SECONDS)
    if client.returncode:
        raise RuntimeError(f"a client failed: {client.args!r}")
    return Cost(**json.loads(printed))


def _spoken(path: Path) -> Path:
    """What the user says, as a WAV file at the service's rate."""
    question = read_wav(_WORDS, rate_hz=_RATE_HZ)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE_HZ)
        file.writeframes(question.ljust(round(_INTERRUPTS_AFTER_S * _RATE_HZ) * 2, b"\0") + question)
    return path
