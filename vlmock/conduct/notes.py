"""What rules count in a case: the keys of ``Case.notes``."""

from typing import Final

__all__ = ["BINARY", "HASTY", "LATE", "REFUSED_BINARY"]

BINARY: Final = "binary messages that have not been decoded"
REFUSED_BINARY: Final = "binary messages that have not been refused"
LATE: Final = "late appends"
HASTY: Final = "hasty attempts"
