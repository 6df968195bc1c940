"""What a test asks for with ``@pytest.mark.voicelive_recording(…)``."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from vlmock.errors import did_you_mean
from vlmock.pytest_plugin import MARKER
from vlmock.pytest_plugin.age import lifetime
from vlmock.recording.replay.manner import manner

__all__ = ["Asked", "asked"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The marker's arguments, and what holds without them."""

    name: str | None = None
    """Of the recording's folder; None: the test's."""
    timing: str | float = "instant"
    on_unexpected: str = "tolerant"
    trailing: str = "report"
    expires: str | timedelta | None = None
    """How old it may become. None: as the ini file says."""
    redact: tuple[str, ...] = ()
    """Regular expressions; what they match is not written."""
    redact_audio: bool = False

    @property
    def lifetime(self) -> timedelta | None:
        """``expires`` as a time; None: it never does."""
        return lifetime(self.expires)


def asked(item: pytest.Item, *, expires: str) -> Asked:
    """What the markers of a test, its classes and its module say together: of two that speak of the same, the nearer
    one; all that any of them wants redacted is. ``expires``: where none of them says.

    Raises ValueError for what there is not.
    """
    said: dict[str, Any] = {}
    redact: list[str] = []
    for marker in item.iter_markers(MARKER):
        if marker.args:
            raise ValueError(f"{MARKER} takes its arguments by name: name=…, expires=…")
        for name, value in marker.kwargs.items():
            if name not in Asked.__struct_fields__:
                known = ", ".join(Asked.__struct_fields__)
                raise ValueError(
                    f"{MARKER} has no argument {name!r}{did_you_mean(name, Asked.__struct_fields__)}; known: {known}"
                )
            if name == "redact":
                redact += _patterns(value)
            else:
                said.setdefault(name, value)
    said.setdefault("expires", expires)
    found = Asked(**said, redact=tuple(redact))
    if found.name is not None and not (isinstance(found.name, str) and found.name.strip()):
        raise ValueError(f"{MARKER} takes a name that is a text, not {found.name!r}")
    manner(found.timing, found.on_unexpected, found.trailing)
    lifetime(found.expires)
    return found


def _patterns(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return value
    raise ValueError(f"{MARKER} takes redact as a list of regular expressions, not {value!r}")
