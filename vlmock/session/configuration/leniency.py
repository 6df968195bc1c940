"""What becomes of a refusal: it is raised, or overlooked where the session is lenient.

Lenient, what the service does not know or would not have is left out of an event, what it forbids in combination or too
late is obeyed, and each refusal that the service would have sent is remembered. What cannot be obeyed at all, such as
bad JSON, a wrong type, an unknown item or a second response, is refused all the same.
"""

from collections.abc import Callable, Iterator
from typing import Final, ParamSpec

from vlmock.session.effects import Remark
from vlmock.session.refusals import Refused

__all__ = ["STRICT", "Leniency"]

P = ParamSpec("P")


class Leniency:
    """One session's patience."""

    def __init__(self, *, lenient: bool = False) -> None:
        self.lenient = lenient
        self._overlooked: list[Refused] = []

    def passes(self, check: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Whether a check has no objection; False where its refusal is overlooked. Otherwise that is raised."""
        try:
            check(*args, **kwargs)
        except Refused as refusal:
            self.overlook(refusal)
            return False
        return True

    def overlook(self, refusal: Refused) -> None:
        """Remember what the service would have said, or raise it."""
        if not self.lenient:
            raise refusal
        self._overlooked.append(refusal)

    def remarks(self) -> Iterator[Remark]:
        """All that was overlooked since the last time."""
        overlooked, self._overlooked = self._overlooked, []
        for refusal in overlooked:
            details = refusal.details
            message = f"{details.message} ({refusal.hint})" if refusal.hint else details.message
            yield Remark("overlooked", message, code=details.code or None, param=details.param or None)


STRICT: Final = Leniency()
"""No patience at all: every refusal is raised."""
