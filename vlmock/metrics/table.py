"""Metrics for people: a line for each thing that was measured, and what is to be known about the figures."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, get_args

from vlmock.metrics.distribution import FIGURES, Distribution
from vlmock.metrics.metrics import MEASURED, Metrics
from vlmock.metrics.turn import Kind, Turn

__all__ = ["table"]

_PARTS: Final = {
    "seconds after the end of speech": ("transcript", "response_created", "first_text", "first_audio", "first_heard"),
    "seconds after the user broke in": (
        "last_audio_after_barge_in",
        "done_after_barge_in",
        "silence_after_barge_in",
    ),
    "seconds": ("tools", "response", "stalled", "overlap", "gap"),
}


def table(metrics: Metrics) -> Iterator[str]:
    """Its lines."""
    turns = metrics.turns
    yield _counted(turns)
    for title, names in _PARTS.items():
        rows = [metrics.distribution(name) for name in names]
        if any(row.values for row in rows):
            yield ""
            yield f"{title:<34}{'turns':>6}" + "".join(f"{figure:>8}" for figure in FIGURES)
            yield from (_row(row) for row in rows if row.values)
    tokens = [(turn.input_tokens, turn.output_tokens or 0) for turn in turns if turn.input_tokens is not None]
    if tokens:
        put_in, came_out = (sum(side) for side in zip(*tokens, strict=True))
        yield f"{put_in or 0} tokens in, {came_out} tokens out"
    yield from (f"({note})" for note in (*_notes(turns), *metrics.notes))


def _counted(turns: Sequence[Turn]) -> str:
    kinds = Counter(turn.kind for turn in turns)
    told = [f"{kinds[kind]} {kind}" for kind in get_args(Kind) if kinds[kind]]
    interrupted = sum(turn.interrupted for turn in turns)
    told += [f"{interrupted} interrupted"] if interrupted else []
    count = f"{len(turns)} turn{'' if len(turns) == 1 else 's'}"
    return f"{count}: {', '.join(told)}" if told else count


def _row(row: Distribution) -> str:
    cells = (row.figure(figure) for figure in FIGURES)
    told = "".join(f"{'-' if value is None else format(value, '.2f'):>8}" for value in cells)
    return f"  {MEASURED[row.name].words:<32}{row.count:>6}{told}"


def _notes(turns: Sequence[Turn]) -> Iterator[str]:
    """What the turns tell about the figures."""
    if turns and all(turn.began is None for turn in turns):
        yield "nobody took the time, so how long things took is unknown"
        return
    if late := sum(turn.measured_from == "speech_stopped" for turn in turns):
        yield (
            f"{late} of them measured from speech_stopped, because their audio did not come in real time: how long the "
            "detector waited is not in these figures"
        )
    if uncertain_s := max((turn.uncertain_s for turn in turns), default=0.0):
        yield f"the service may have waited up to {uncertain_s:g} s more for the end of a sentence"
    if guessed := sum(turn.heard_by == "truncate" for turn in turns):
        yield f"when the first sound was heard in {guessed} of them is concluded from truncates: that early or earlier"
    greetings = sum(turn.kind == "greeting" for turn in turns)
    if 0 < greetings < len(turns):
        yield "greetings answer nobody and are not in these figures"
