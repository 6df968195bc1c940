"""Whatever the vendor SDK is made to do here is good conduct, unless it is bad on purpose."""

from tests.judged import judged

__all__ = ["judged"]
