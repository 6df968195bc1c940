"""What is emulated, what is not, and how well each thing is known: read off the code, for ``vlmock emulated``.

A client event is emulated when it has a handler; a server event when the session makes it by itself, which is when a
module of the session has its class. The evidence is the first word of the docstring that describes the behaviour.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import vlmock.session
from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.session import refusals
from vlmock.session.handlers import HANDLERS
from vlmock.session.input_buffer import InputBuffer

__all__ = ["ACCEPTED_ONLY", "client_rows", "evidence", "markdown", "refusal_rows", "server_rows"]

ACCEPTED_ONLY = (
    "animation",
    "avatar",
    "input_audio_echo_cancellation",
    "output_audio_timestamp_types",
    "reasoning_effort",
    "turn_detection.idle_timeout_ms",
    "tools[].server_url",
)
"""Session settings that are checked and echoed as the service does, and then change nothing yet."""

_EVIDENCE = re.compile(r"\b(Documented|Observed|Assumed)(?: (\{[^}]+\}))?")


def evidence(described: object) -> str:
    """``"Observed {FON, PAI}"``: where a docstring says that its behaviour is known from; "" where it does not."""
    found = dict.fromkeys(" ".join(filter(None, match)) for match in _EVIDENCE.findall(described.__doc__ or ""))
    return ", ".join(found)


def client_rows() -> Iterator[tuple[str, str, str]]:
    """Each client event, what becomes of it, and the evidence."""
    described: dict[str, Any] = {tag_of(event): handler for event, handler in HANDLERS.items()}
    described["input_audio_buffer.append"] = InputBuffer
    for name in CLIENT_EVENTS:
        if name in described:
            yield name, "acts", evidence(described[name])
        else:
            yield name, "answered with an error that says so", "not emulated yet"


def server_rows() -> Iterator[tuple[str, str]]:
    """Each server event, and who sends it: the session by itself, or a scenario's ``emit``."""
    made = {member for module in _session_modules() for member in vars(module).values() if isinstance(member, type)}
    for name, event in {**SERVER_EVENTS, **OTHER_SERVER_EVENTS}.items():
        if event in made:
            yield name, "by itself"
        elif name in SERVER_EVENTS:
            yield name, "`emit` only"


def refusal_rows() -> Iterator[tuple[str, str]]:
    """Each refusal, and the evidence for its code and its words."""
    for name, member in vars(refusals).items():
        ours = getattr(member, "__module__", "").startswith(f"{refusals.__name__}.") and not name.startswith("_")
        if ours and name not in ("Refused", "from_invalid_event"):  # neither is a refusal of its own
            yield name.replace("_", " "), evidence(member)


def markdown() -> str:
    """The tables of the README."""
    lines = ["| client event | what becomes of it | evidence |", "|---|---|---|"]
    lines += [f"| `{name}` | {what} | {known} |" for name, what, known in client_rows()]
    sent = list(server_rows())
    for who, heading in (("by itself", "come by themselves"), ("`emit` only", "only a scenario's `emit` sends")):
        names = [f"`{name}`" for name, how in sent if how == who]
        lines += ["", f"Server events that {heading} ({len(names)}): {', '.join(names)}."]
    lines += [
        "",
        f"Settings that are checked and echoed, but change nothing yet: {', '.join(f'`{m}`' for m in ACCEPTED_ONLY)}.",
    ]
    return "\n".join(lines)


def tag_of(event: Any) -> str:
    return str(event.__struct_config__.tag)


def _session_modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(vlmock.session.__path__, "vlmock.session."):
        yield importlib.import_module(found.name)
