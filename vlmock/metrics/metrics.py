"""What a test reads: the turns of all connections, and how long things took in them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from vlmock.errors import did_you_mean
from vlmock.metrics.distribution import Distribution
from vlmock.metrics.turn import Kind, Turn

__all__ = ["MEASURED", "Measured", "Metrics"]


class Measured(NamedTuple):
    """One thing that is measured in each turn."""

    words: str
    """For people."""
    of: Callable[[Turn], float | None]
    absent: str
    """Why no turn has it."""


def _after_barge_in(name: str) -> Callable[[Turn], float | None]:
    return lambda turn: None if turn.barge_in is None else getattr(turn.barge_in, name)


_NO_ANSWER: Final = "no turn was answered so far"
_NO_SOUND: Final = "no turn was answered with sound so far"
_NO_BARGE_IN: Final = "no user interrupted an answer that was being made"
_NOT_LIVE: Final = "no audio of the user came in real time, so nobody knows when it was spoken"
_UNTOLD: Final = (
    "no client has told: let the test call metrics.heard() and metrics.silent() as its loudspeaker begins and ends to "
    "sound, or the client truncate what it has not played"
)

MEASURED: Final[Mapping[str, Measured]] = {
    "transcript": Measured("transcript of the user", lambda turn: turn.transcript_s, "nothing was transcribed so far"),
    "response_created": Measured("answer begun", lambda turn: turn.response_created_s, _NO_ANSWER),
    "first_text": Measured(
        "first words sent", lambda turn: turn.first_text_s, "no turn was answered with words so far"
    ),
    "first_audio": Measured("first sound sent", lambda turn: turn.first_audio_s, _NO_SOUND),
    "first_heard": Measured("first sound heard", lambda turn: turn.first_heard_s, _UNTOLD),
    "silence_after_barge_in": Measured(
        "the client fell silent", _after_barge_in("silent_s"), f"{_NO_BARGE_IN}, or {_UNTOLD}"
    ),
    "last_audio_after_barge_in": Measured("last sound sent", _after_barge_in("last_audio_s"), _NO_BARGE_IN),
    "done_after_barge_in": Measured("response ended", _after_barge_in("done_s"), _NO_BARGE_IN),
    "tools": Measured("tools ran", lambda turn: turn.tools_s, "no client returned the output of a function so far"),
    "response": Measured("responses were made", lambda turn: turn.response_s, "no response has ended so far"),
    "stalled": Measured("sound came too late", lambda turn: turn.stalled_s, _NO_SOUND),
    "overlap": Measured("both were heard", lambda turn: turn.overlap_s, _NOT_LIVE),
    "gap": Measured(
        "quiet before the user spoke", lambda turn: turn.gap_s, f"nobody spoke after an answer, or {_NOT_LIVE}"
    ),
}
"""By the names that they have in ``Metrics``."""


class Metrics:
    """How long users waited, and how turns were taken. Each distribution is over all turns but greetings, in seconds.

    A turn in which a thing did not happen, or in which nobody can know when, does not count in its distribution:
    ``first_audio.count`` says how many do, ``first_audio.turns`` how many there are.
    """

    def __init__(self, measured: Callable[[], tuple[list[Turn], list[str]]]) -> None:
        """``measured`` gives the turns, and what is to be said about the figures; it is called when somebody asks."""
        self._measured = measured
        self._result: tuple[list[Turn], list[str]] | None = None

    def _results(self) -> tuple[list[Turn], list[str]]:
        if self._result is None:
            self._result = self._measured()
        return self._result

    @property
    def turns(self) -> list[Turn]:
        """Every turn, greetings too, one connection after the other, with what is known of it by now."""
        return list(self._results()[0])

    @property
    def notes(self) -> list[str]:
        """What is to be known about the figures, beside those that the turns tell."""
        return list(self._results()[1])

    def of(self, kind: Kind | None = None, *, connection: int | None = None) -> "Metrics":
        """The same of some turns only: ``metrics.of("spoken").first_audio``, ``metrics.of("greeting")``."""

        def fits(turn: Turn) -> bool:
            return kind in (None, turn.kind) and connection in (None, turn.connection)

        return Metrics(lambda: ([turn for turn in self.turns if fits(turn)], self.notes))

    def distribution(self, name: str) -> Distribution:
        """One of ``MEASURED``. Raises ValueError when there is none of that name."""
        measured = MEASURED.get(name)
        if measured is None:
            raise ValueError(f"there is no {name!r}{did_you_mean(name, MEASURED)}; known: {', '.join(MEASURED)}")
        turns = self._counted()
        values = tuple(value for turn in turns if (value := measured.of(turn)) is not None)
        untimed = bool(turns) and all(turn.began is None for turn in turns)
        absent = "there was no turn so far" if not turns else "nobody took the time" if untimed else measured.absent
        return Distribution(name=name, values=values, turns=len(turns), absent=absent)

    def _counted(self) -> Sequence[Turn]:
        """Greetings answer nobody, so they count only among themselves."""
        others = [turn for turn in self.turns if turn.kind != "greeting"]
        return others or self.turns

    # ---- from the end of what the user said

    @property
    def transcript(self) -> Distribution:
        """Until its transcript."""
        return self.distribution("transcript")

    @property
    def response_created(self) -> Distribution:
        """Until ``response.created``."""
        return self.distribution("response_created")

    @property
    def first_text(self) -> Distribution:
        """Until the first words of the answer, written or spoken."""
        return self.distribution("first_text")

    @property
    def first_audio(self) -> Distribution:
        """Until the first sound of the answer was sent."""
        return self.distribution("first_audio")

    @property
    def first_heard(self) -> Distribution:
        """Until it was heard: what counts, where the test tells, or the client by truncating."""
        return self.distribution("first_heard")

    # ---- from ``speech_started``, where that interrupts

    @property
    def silence_after_barge_in(self) -> Distribution:
        """Until the client was silent: what counts, where the test tells, or the client by truncating."""
        return self.distribution("silence_after_barge_in")

    @property
    def last_audio_after_barge_in(self) -> Distribution:
        """Until the last sound of the interrupted response was sent; 0 when none came after."""
        return self.distribution("last_audio_after_barge_in")

    @property
    def done_after_barge_in(self) -> Distribution:
        """Until its ``response.done``."""
        return self.distribution("done_after_barge_in")

    # ---- how long

    @property
    def tools(self) -> Distribution:
        """Tools ran, in turns where some did."""
        return self.distribution("tools")

    @property
    def response(self) -> Distribution:
        """The responses of a turn took to be made, together."""
        return self.distribution("response")

    @property
    def stalled(self) -> Distribution:
        """A response was silent in between, because its sound came later than it could be played."""
        return self.distribution("stalled")

    @property
    def overlap(self) -> Distribution:
        """User and assistant were heard at once."""
        return self.distribution("overlap")

    @property
    def gap(self) -> Distribution:
        """It was quiet between the assistant's last sound and the user's first."""
        return self.distribution("gap")

    # ---- budgets

    def beyond(self, **budgets: Mapping[str, float]) -> list[str]:
        """What exceeds its budget, or is unknown, in a sentence each:
        ``assert not metrics.beyond(first_audio={"p95": 1.7}, silence_after_barge_in={"max": 0.3})``.

        Seconds. Raises ValueError for a name or a figure that does not exist.
        """
        found = []
        for name, limits in budgets.items():
            distribution = self.distribution(name)
            for figure, limit in limits.items():
                value = distribution.figure(figure)
                if value is None:
                    found.append(distribution.why_unknown(figure))
                elif value > limit:
                    found.append(f"{name}.{figure} is {value:.3f} s, and may be {limit:g} s")
        return found

    def __str__(self) -> str:
        from vlmock.metrics.table import table

        return "\n".join(table(self))

    __repr__ = __str__
