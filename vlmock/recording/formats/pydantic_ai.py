"""YAML sessions as pydantic-ai's tests record them: ``version``, and ``interactions`` in order, without times.

Observed in its ``tests/realtime/ws_cassettes.py``: an interaction is a ``message`` with a direction and a JSON object,
or a ``close`` that was received. Of each audio only the first 44 characters of base64 are kept, and nothing says so.
"""

import re
from pathlib import Path
from typing import Any, Final

from vlmock.errors import RecordingError
from vlmock.protocol.recording.lines import Close, Head, Speaker
from vlmock.recording.formats.assembling import Message, recorded
from vlmock.recording.model import Recording

__all__ = ["claims", "read"]

_CUT_AT: Final = 44
"""Characters of base64: 33 bytes, an odd number, so it is never some whole samples of PCM16."""
_VERSION: Final = 1
_SOURCES: Final[dict[str, Speaker]] = {"sent": "client", "received": "server"}


def claims(path: Path, head: bytes) -> bool:
    """Whether it is a YAML mapping with ``interactions``."""
    return re.search(rb"^interactions:", head, re.MULTILINE) is not None


def read(path: Path) -> list[Recording]:
    """The one session in the file. Raises ``RecordingError`` with file and line."""
    root = _parsed(path)
    version = root.get("version", _VERSION)
    interactions = root.get("interactions")
    if version != _VERSION:
        raise RecordingError(f"{path}:1: version {version!r} of these sessions is not known; {_VERSION} is")
    if not isinstance(interactions, _Lined):
        raise RecordingError(f"{path}:1: 'interactions' is not a list")
    messages = [_message(path, line, each) for line, each in zip(interactions.lines, interactions, strict=True)]
    head = Head(made_by="pydantic-ai", timed=False)
    return [recorded(path.stem, head, messages, is_whole=_is_whole)]


def _is_whole(audio: str) -> bool:
    return len(audio) != _CUT_AT or audio.endswith("=")


def _message(path: Path, line: int, interaction: Any) -> Message:
    match interaction:
        case {"direction": "sent" | "received" as direction, "data": dict(event)}:
            return Message(source=_SOURCES[direction], event=event)
        case {"kind": "close", "code": int(code), **rest}:
            # It was read from the server, but also is when the client closed first: who did is not known.
            return Message(source="vlmock", close=Close(code, str(rest.get("reason") or "")))
    wanted = "{direction: sent or received, data: an event} or {kind: close, code: a number}"
    raise RecordingError(f"{path}:{line}: an interaction is {wanted}")


class _Lined(list[Any]):
    """A list that knows the line of each of its entries."""

    lines: list[int]


def _parsed(path: Path) -> dict[str, Any]:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Notes lines, of lists alone: that is where interactions are."""

    def lined(loader: Any, node: Any) -> Any:
        entries = _Lined(loader.construct_sequence(node, deep=True))
        entries.lines = [each.start_mark.line + 1 for each in node.value]
        return entries

    Loader.add_constructor("tag:yaml.org,2002:seq", lined)
    try:
        root = yaml.load(path.read_bytes(), Loader=Loader)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise RecordingError(f"{path}{line}: not valid YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(root, dict):
        raise RecordingError(f"{path}:1: a mapping with 'interactions' is expected")
    return root
