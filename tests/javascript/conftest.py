"""What the JavaScript SDK does is good conduct."""

from tests.judged import judged

__all__ = ["judged"]
