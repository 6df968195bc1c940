"""The museum: public bugs of real clients, each a scenario, and one test that shows them all to yours.

import vlmock.museum

@vlmock.museum.exhibits()
async def test_survives(exhibit):
    await my_agent.run(exhibit.url, says=exhibit.says)
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vlmock.museum.gallery import Exhibit
    from vlmock.museum.visit import Visit

__all__ = ["Exhibit", "Visit", "exhibits"]

_HOMES = {"Exhibit": "vlmock.museum.gallery", "Visit": "vlmock.museum.visit"}


def exhibits(*names: str, without: Sequence[str] = (), limit_s: float = 20.0) -> Callable[[Any], Any]:
    """Show the whole museum, or these exhibits of it, to the agent in a test; the test gets each as ``exhibit``.

    ``without``: leave out what an agent cannot do, or should not be asked: needs (``speech``, ``interruption``; all of
    them stand in ``vlmock museum --list``) or names. ``limit_s``: when an agent has not come to an end by then, the
    server leaves, and the exhibit is lost. Raises VlmockError for a name that there is not.
    """
    import pytest

    from vlmock.museum.gallery import chosen

    shown = [pytest.param((exhibit, limit_s), id=exhibit.own_name) for exhibit in chosen(names, without)]
    mark: Callable[[Any], Any] = pytest.mark.parametrize("exhibit", shown, indirect=True)
    return mark


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'vlmock.museum' has no attribute {name!r}")
