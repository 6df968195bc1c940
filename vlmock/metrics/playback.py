"""When the user heard the assistant: its sound is played in real time from its first piece on, unless somebody tells
otherwise."""

import msgspec

__all__ = ["Playback"]


class _Stretch(msgspec.Struct):
    """Sound without a gap."""

    starts: float
    ends: float
    stopped: float | None = None
    """Cut off then."""
    told: bool = False
    """The client has told when it was really heard first."""

    @property
    def over(self) -> float:
        return self.ends if self.stopped is None else min(self.ends, self.stopped)


class Playback:
    """What was played when, in seconds since the connection was opened."""

    def __init__(self) -> None:
        self._stretches: list[_Stretch] = []
        self._response_id = ""

    def add(self, response_id: str, duration_s: float, at: float) -> float:
        """More sound was sent. How long it had been silent, because it should have come before."""
        last = self._stretches[-1] if self._stretches else None
        same, self._response_id = response_id == self._response_id, response_id
        if last is not None and last.stopped is None and at <= last.ends:
            last.ends += duration_s
            return 0.0
        self._stretches.append(_Stretch(at, at + duration_s))
        return at - last.ends if same and last is not None and last.stopped is None else 0.0

    def plays(self, at: float) -> bool:
        """Whether something is heard."""
        return bool(self._stretches) and self._stretches[-1].over > at

    def begins(self, at: float) -> None:
        """The client tells that its loudspeaker has begun to sound: later than the sound was sent."""
        if self._stretches and not self._stretches[-1].told:
            last = self._stretches[-1]
            last.starts, last.ends, last.told = at, last.ends + max(0.0, at - last.starts), True

    def stop(self, at: float) -> None:
        """It falls silent, as far as one can assume."""
        if self.plays(at):
            self._stretches[-1].stopped = at

    def fell_silent(self, at: float) -> None:
        """The client tells that it has fallen silent now, whatever was assumed."""
        if self._stretches and self._stretches[-1].ends > at:
            self._stretches[-1].stopped = at

    def overlap(self, starts: float, ends: float) -> float:
        """How much of that time something was heard."""
        heard = (min(ends, each.over) - max(starts, each.starts) for each in self._stretches)
        return sum(max(0.0, seconds) for seconds in heard)

    def silent_before(self, at: float) -> float | None:
        """How long nothing had been heard then. None where something is, or nothing ever was."""
        before = [each for each in self._stretches if each.starts < at]
        return at - before[-1].over if before and before[-1].over <= at else None
