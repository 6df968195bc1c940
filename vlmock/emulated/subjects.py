"""Everything that the emulator does or refuses, one by one, read off the code: events, fields, refusals, readings."""

import importlib
import pkgutil
import typing
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any, Final, get_args, get_type_hints

import msgspec

import vlmock.scenario
import vlmock.session
from vlmock.emulated.labels import evidence, evidence_of_field, makers, names_read
from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.protocol.items import RequestItem
from vlmock.protocol.response import ResponseCreateParams
from vlmock.protocol.session import RequestSession
from vlmock.protocol.versions import SINCE, UNTIL
from vlmock.protocol.wire import WireObject
from vlmock.session import refusals
from vlmock.session.handlers import HANDLERS
from vlmock.session.listening.input_buffer import InputBuffer
from vlmock.session.readings import questions

__all__ = [
    "ECHOED_ONLY",
    "IGNORED",
    "Subject",
    "client_events",
    "fields",
    "readings",
    "refused",
    "server_events",
    "subjects",
]

ECHOED_ONLY: Final = frozenset(
    {
        "session.temperature",
        "session.interim_response.instructions",
        "session.interim_response.model",
        "session.voice.temperature",
        "session.voice.locale",
        "session.voice.model",
        "session.input_audio_echo_cancellation.type",
        "session.tools.description",
        "response.temperature",
        "item.object",
    }
)
"""Members that the session reads and that change nothing but what it says of them."""
IGNORED: Final = frozenset({"session.expires_at"})
"""Members that a client may send, and that the service sets by itself."""
_NO_REFUSALS: Final = ("Refused", "from_invalid_event", "code_for", "invalid_value", "refused")
"""What refusals are made with."""
_ONLY_CHECKED: Final = ("rules", "refusals", "settings", "defaults", "leniency")
"""Modules of the session that look at members without acting on them."""


class Subject(msgspec.Struct, frozen=True):
    """One thing, and what is known of it."""

    kind: str
    """``client event``, ``server event``, ``field``, ``refusal`` or ``reading``."""
    name: str
    what: str
    """What becomes of it."""
    evidence: str

    @property
    def key(self) -> str:
        """``"refusal model_fixed"``."""
        return f"{self.kind} {self.name}"


def subjects() -> Iterator[Subject]:
    """All of them."""
    yield from client_events()
    yield from server_events()
    yield from fields()
    yield from refused()
    yield from readings()


def client_events() -> Iterator[Subject]:
    """Each client event and what becomes of it."""
    handlers: dict[str, Any] = {_tag(event): handler for event, handler in HANDLERS.items()}
    handlers["input_audio_buffer.append"] = InputBuffer
    for name in CLIENT_EVENTS:
        yield Subject("client event", name, f"acts{_versions(name)}", evidence(handlers[name]))


def server_events() -> Iterator[Subject]:
    """Each server event of the dated versions, and others that the session sends."""
    made = _made()
    for name, event in {**SERVER_EVENTS, **OTHER_SERVER_EVENTS}.items():
        if event in made:
            known = evidence(" ".join(sorted(made[event])))
            yield Subject("server event", name, f"sent{_versions(name)}", known)
        elif name in SERVER_EVENTS:
            yield Subject("server event", name, "sent by a scenario's `emit` only", "not emulated yet")


def fields() -> Iterator[Subject]:
    """Each member that a client may send in a session, a response or an item. Those of a response's voice, tools and
    items are as in sessions and items."""
    roots = (("session", RequestSession, True), ("response", ResponseCreateParams, False), ("item", RequestItem, True))
    for place, kind, deep in roots:
        known: dict[str, set[str]] = {}
        for name, where in _members(kind, place, deep=deep):
            known.setdefault(name, set()).add(where)
        for name, several in known.items():
            yield Subject("field", name, _what_becomes_of(name), evidence(" ".join(sorted(several))))


def refused() -> Iterator[Subject]:
    """Each refusal, and the evidence for its code and its words."""
    for name, member in vars(refusals).items():
        ours = getattr(member, "__module__", "").startswith(f"{refusals.__name__}.") and not name.startswith("_")
        if ours and name not in _NO_REFUSALS:
            yield Subject("refusal", name, "", evidence(member))


def readings() -> Iterator[Subject]:
    """Each question that sources answer differently."""
    for question in questions():
        yield Subject("reading", question.name, question.about, evidence(question.about))


# ---- how they are found


def _tag(event: Any) -> str:
    return str(event.__struct_config__.tag)


def _what_becomes_of(field: str) -> str:
    if field in IGNORED:
        return "ignored"
    acts = field.rpartition(".")[2] in _names_acted_on() and field not in ECHOED_ONLY
    return "acts" if acts else "checked and echoed"


def _versions(name: str) -> str:
    since = "" if SINCE[name] == "2025-10-01" else f", since {SINCE[name]}"
    return since + (f", until {UNTIL[name]}" if name in UNTIL else "")


@cache
def _made() -> dict[type, set[str]]:
    found: dict[type, set[str]] = {}
    for module in _session_modules():
        for made, known in makers(module).items():
            found.setdefault(made, set()).update(known)
    return found


@cache
def _names_acted_on() -> frozenset[str]:
    found: set[str] = set()
    for package in (vlmock.session, vlmock.scenario):
        for name in _module_names(package):
            if not any(f".{checked}" in name for checked in _ONLY_CHECKED):
                found |= names_read(importlib.import_module(name))
    return frozenset(found)


def _session_modules() -> Iterator[ModuleType]:
    return map(importlib.import_module, _module_names(vlmock.session))


def _module_names(package: ModuleType) -> Iterator[str]:
    return (found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))


def _members(kind: Any, place: str, *, deep: bool) -> Iterator[tuple[str, str]]:
    """All members of a type, and of what is in them, with the evidence for each."""
    for struct in _structs(kind):
        for name, inner in get_type_hints(struct).items():
            if name in struct.__struct_fields__:
                yield f"{place}.{name}", evidence_of_field(struct, name)
                if deep:
                    yield from _members(inner, f"{place}.{name}", deep=True)


def _structs(kind: Any) -> Iterator[Any]:
    if isinstance(kind, type) and issubclass(kind, WireObject):
        yield kind
    elif typing.get_origin(kind) is not None or get_args(kind):
        for inner in get_args(kind):
            yield from _structs(inner)
