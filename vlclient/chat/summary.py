"""How a conversation went, in lines for people: how long the user waited, and what was lost on the way."""

from collections.abc import Iterator
from typing import Any, Final

from vlclient.latency import Latency, Percentiles

__all__ = ["summary_lines"]

_ROWS: Final = {
    "transcript": "transcript of the user",
    "response_created": "answer begun",
    "first_text": "first words received",
    "first_audio": "first sound received",
    "first_heard": "first sound heard",
    "tools": "of it, tools",
}
_COLUMNS: Final = ("p50", "p90", "p99", "max")

_LOSSES: Final = {
    "dropped_blocks": "blocks of the microphone were dropped, because the network was too slow",
    "overflows": "times the microphone was not served in time",
    "underflows": "times the loudspeaker was not served in time",
    "underruns": "gaps in the assistant's speech, because the network was too slow",
}


def summary_lines(latency: Latency, *, lasted_s: float, ear: Any, mouth: Any) -> Iterator[str]:
    """Seconds from the end of what the user said, as percentiles over all turns. ``ear`` and ``mouth`` may count what
    they lost."""
    summary = latency.summary()
    turns = f"{summary.turns} turn{'' if summary.turns == 1 else 's'}"
    minutes = f"{int(lasted_s // 60)} min " if lasted_s >= 60 else ""
    yield f"{turns} in {minutes}{lasted_s % 60:.1f} s"
    measured = [(words, getattr(summary, name)) for name, words in _ROWS.items()]
    rows = [(words, percentiles) for words, percentiles in measured if percentiles is not None]
    if rows:
        yield ""
        yield f"{'seconds after the end of speech':<32}{'turns':>6}" + "".join(f"{name:>8}" for name in _COLUMNS)
        for words, percentiles in rows:
            yield f"  {words:<30}{percentiles.count:>6}" + "".join(_cells(percentiles))
        uncertain_s = max((turn.uncertain_s for turn in latency.turns), default=0.0)
        if uncertain_s:
            yield f"  (the service may have waited up to {uncertain_s:g} s more for the end of a sentence)"
    for name, words in _LOSSES.items():
        if count := getattr(ear, name, 0) or getattr(mouth, name, 0):
            yield f"{count} {words}"
    if dropped_ms := getattr(mouth, "dropped_ms", 0):
        yield f"{dropped_ms / 1000:.1f} s of the assistant's speech were never played, because too much was waiting"


def _cells(percentiles: Percentiles) -> Iterator[str]:
    for name in _COLUMNS:
        value = getattr(percentiles, name)
        yield f"{'-' if value is None else format(value, '.2f'):>8}"
