"""A pytest plugin that watches what sessions do in each test: ``pytest -p tests.evidence.recorder``.

Writes, to the file that the variable VLMOCK_EVIDENCE names, which subjects (``vlmock.emulated.Subject.key``) each test
that passed has met.
"""

import json
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vlmock.protocol.conversation import ConversationItemCreate
from vlmock.protocol.deltas import Deltas
from vlmock.protocol.response import ResponseCreate
from vlmock.protocol.session import SessionUpdate
from vlmock.protocol.wire import ServerEvent
from vlmock.session import refusals
from vlmock.session.configuration import settings
from vlmock.session.machine import Session
from vlmock.session.readings import FOLLOWED

met: dict[str, set[str]] = {}
_current: set[str] = set()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """What is met while a test runs is that test's, if it passes."""
    _current.clear()
    result = yield
    met[item.nodeid] = set(_current)
    return result


def pytest_sessionfinish() -> None:
    """Write it down."""
    record = {test: sorted(subjects) for test, subjects in met.items() if subjects}
    Path(os.environ["VLMOCK_EVIDENCE"]).write_text(json.dumps(record), encoding="utf-8")


def pytest_configure() -> None:
    """Watch every session from now on."""
    _watch(Session, "__init__", _begun)
    _watch(settings, "updated", lambda current, update, **_: _current.update(_fields(update, "session")))
    _watch(Session, "receive", _received)
    _watch_told()
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{refusals.__name__}.") and hasattr(module, "Refused"):
            _watch_refusals(module)


def _begun(session: Session, **options: Any) -> None:
    chosen = options.get("readings", FOLLOWED)
    for name in chosen.__struct_fields__:
        if getattr(chosen, name) != getattr(FOLLOWED, name):
            _current.add(f"reading {name}")


def _received(session: Session, event: Any, now: float) -> None:
    tag = getattr(getattr(event, "__struct_config__", None), "tag", None)
    if isinstance(tag, str):
        _current.add(f"client event {tag}")
    match event:
        case SessionUpdate(session=update):
            _current.update(_fields(update, "session"))
        case ResponseCreate(response=params):
            if isinstance(params, msgspec.Struct):
                _current.update(f"field response.{name}" for name in _sent(params))
        case ConversationItemCreate(item=item):
            _current.update(_fields(item, "item"))


def _fields(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _fields(inner, place)
    elif isinstance(value, msgspec.Struct):
        for name in _sent(value):
            yield f"field {place}.{name}"
            yield from _fields(getattr(value, name), f"{place}.{name}")


def _sent(value: msgspec.Struct) -> list[str]:
    return [name for name in value.__struct_fields__ if getattr(value, name) is not msgspec.UNSET]


def _watch(owner: Any, name: str, watch: Callable[..., None]) -> None:
    original = getattr(owner, name)

    def watched(*args: Any, **options: Any) -> Any:
        watch(*args, **options)
        return original(*args, **options)

    setattr(owner, name, watched)


def _watch_told() -> None:
    original = Session._effects

    def watched(session: Session, told: Iterable[Any]) -> Any:
        return original(session, map(_told, told))

    Session._effects = watched  # type: ignore[method-assign,assignment]


def _told(beat: Any) -> Any:
    kinds = beat.kinds if isinstance(beat, Deltas) else [type(beat)] if isinstance(beat, ServerEvent) else []
    _current.update(f"server event {kind.__struct_config__.tag}" for kind in set(kinds))
    return beat


def _watch_refusals(module: Any) -> None:
    for name, function in vars(module).items():
        if getattr(function, "__module__", "") == module.__name__ and name in module.__all__:
            watched = _watched_refusal(name, function)
            for place in (module, refusals):
                setattr(place, name, watched)


def _watched_refusal(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    if isinstance(function, type):
        return function

    def watched(*args: Any, **options: Any) -> Any:
        _current.add(f"refusal {name}")
        return function(*args, **options)

    watched.__doc__, watched.__module__ = function.__doc__, function.__module__
    return watched
