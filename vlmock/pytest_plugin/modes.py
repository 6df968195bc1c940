"""What becomes of a test's recording: by the mode that pytest runs in, and what there is."""

from typing import Final, Literal, TypeAlias

__all__ = ["PLAN", "Deed", "Mode", "Standing"]

Mode: TypeAlias = Literal["none", "once", "new", "all"]
"""``none``: never live. ``once``: live where there is no recording. ``new``: also where the test no longer does what
was recorded. ``all``: always live."""
Standing: TypeAlias = Literal["absent", "good", "expired"]
Deed: TypeAlias = Literal["replay", "record", "refuse"]

PLAN: Final[dict[tuple[Mode, Standing], Deed]] = {
    ("none", "absent"): "refuse",
    ("none", "good"): "replay",
    ("none", "expired"): "refuse",
    ("once", "absent"): "record",
    ("once", "good"): "replay",
    ("once", "expired"): "record",
    ("new", "absent"): "record",
    ("new", "good"): "replay",
    ("new", "expired"): "record",
    ("all", "absent"): "record",
    ("all", "good"): "record",
    ("all", "expired"): "record",
}
"""In ``new`` a test that is replayed and does otherwise than recorded runs again, live (``again``)."""
