"""How fast a rehearsed session answers: at once, but for what was cut off, which has to be going on still by then."""

import math

from vlmock.rehearsal.recorded_script import RecordedScript
from vlmock.session.timing import Timing

__all__ = ["Pace"]

_WORD_S = 0.03


class Pace(Timing):
    """Takes no time, so that whatever the client answered is there when it answers. A response that was cut off comes
    as fast as it was recorded."""

    def __init__(self, script: RecordedScript) -> None:
        self._script = script
        super().__init__("instant")

    @property
    def takes_no_time(self) -> bool:
        """Whether nothing takes any time at present."""
        return self._script.now is None or not self._script.now.cut_off

    @takes_no_time.setter
    def takes_no_time(self, value: bool) -> None:
        """The script decides."""

    def seconds(self, segment: str, pipeline: str) -> float:
        return _WORD_S if segment == "token_gap" and not self.takes_no_time else 0.0

    def audio_speed(self, pipeline: str) -> float:
        spell = self._script.now
        return math.inf if spell is None or not spell.cut_off else spell.audio_speed
