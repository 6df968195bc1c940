"""A client with a bug of the museum, and by what it is found out."""

from typing import NamedTuple

from tests.museum.plain import Plain

__all__ = ["BadClient"]


class BadClient(NamedTuple):
    """What has the bug, and words of the verdict."""

    client: type[Plain]
    verdict: str
