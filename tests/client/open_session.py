"""A session with a service, opened as most tests open theirs, and what comes of it."""

from typing import Any

import vlclient
import vlmock
from tests.client.fake_service import FakeService


def connected(service: FakeService | vlmock.MockServer, **options: Any) -> vlclient.connect:
    """With a key, unless the options name another credential."""
    if "credential" not in options:
        options = {"api_key": "sesame", **options}
    return vlclient.connect(service.url, model="gpt-4o", **options)


async def event_of(session: vlclient.Session, kind: type, *, count: int = 1) -> Any:
    """The next event of that kind, or the ``count``-th."""
    async for event in session:
        if isinstance(event, kind):
            count -= 1
            if not count:
                return event
    raise AssertionError(f"no {kind.__name__} came")


def overlaps(entries) -> int:
    """How many responses were asked for while one was being generated."""
    active = found = 0
    for entry in entries:
        active += {"response.created": 1, "response.done": -1}.get(entry.type, 0)
        found += entry.type == "response.create" and active > 0
    return found
