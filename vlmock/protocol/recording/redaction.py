"""What must not touch the disk: secrets, and whatever else the user names.

Everything that is known for a secret by its name or its looks (``vlmock.protocol.secrets``) becomes ``***``, and so do
the credentials that the connection itself was opened with, wherever they turn up again. Not found are a secret that is
split over two messages, and one inside audio.
"""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec

from vlmock.protocol.recording.lines import Head
from vlmock.protocol.secrets import (
    VEIL,
    holds_secrets,
    is_secret_header,
    is_secret_member,
    is_secret_parameter,
    without_secrets,
)
from vlmock.protocol.wire import JsonObject

__all__ = ["Redaction", "overreaching"]

_OF_OTHERS: Final = re.compile(r"[^\s;,]{8,}")
"""Shorter ones are a tester's, ``any`` or ``demo``, and a part of many words."""
_OF_COOKIES: Final = re.compile(r"=([^\s;,]{16,})")
_SCHEMA_NAMES: Final = frozenset({"properties", "$defs", "definitions"})
"""What stands in these describes arguments: a parameter ``password`` of a tool is no password."""
_SCHEMA_WORDS: Final = frozenset({"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"})

_OF_THE_PROTOCOL: Final = (
    "type",
    "event_id",
    "session",
    "item",
    "response",
    "audio",
    "delta",
    "session.update",
    "input_audio_buffer.append",
    "conversation.item.create",
    "response.create",
    "response.done",
    "response.audio.delta",
)
"""Some of its words: what takes one of those for a secret takes others, too."""


class Redaction:
    """Replaces secrets by ``***``."""

    def __init__(self, patterns: Iterable[str] = (), *, known: Iterable[str] = ()) -> None:
        """``patterns``: regular expressions; what they match in any text is replaced as well. ``known``: secrets
        themselves. Raises ValueError that names the pattern that is none."""
        self._sources = tuple(patterns)
        self._patterns = tuple(map(_compiled, self._sources))
        self._known = tuple(sorted({secret for secret in known if secret}, key=len, reverse=True))

    def knowing(self, head: Head) -> "Redaction":
        """One that also replaces the credentials among these headers and in this address, as they stand there."""
        headers = [*head.request_headers, *head.response_headers]
        words = {word for name, value in headers if is_secret_header(name) for word in _credentials(name, value)}
        words |= {word for name, value in _parameters(head.url) for word in _credentials(name, value)}
        return Redaction(self._sources, known={*self._known, *words})

    def head(self, head: Head) -> Head:
        """The first line without secrets."""
        return msgspec.structs.replace(
            head,
            url=self.url(head.url),
            request_headers=self._without_values(head.request_headers),
            response_headers=self._without_values(head.response_headers),
            body=self.body(head.body),
        )

    def url(self, url: str) -> str:
        """An address: names in its query stay, the values of secrets go."""
        start, mark, query = url.partition("?")
        return self.text(start + mark + "&".join(map(_shown_parameter, query.split("&"))))

    def event(self, event: JsonObject) -> JsonObject:
        """An event without secrets, a new object. Clips in it stay."""
        cleaned: JsonObject = self._value(event)
        return cleaned

    def text(self, text: str) -> str:
        """Any text."""
        text = without_secrets(text)
        for secret in self._known:
            text = text.replace(secret, VEIL)
        for pattern in self._patterns:
            text = pattern.sub(VEIL, text)
        return text

    def body(self, text: str) -> str:
        """A text that may be JSON, as an HTTP answer's."""
        try:
            value = msgspec.json.decode(text)
            cleaned = self._value(value)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return self.text(text)
        return text if cleaned == value else msgspec.json.encode(cleaned).decode()

    def binary(self, data: bytes) -> bytes:
        """A binary message that is no text."""
        return self.text(data.decode("latin-1")).encode("latin-1")

    def _without_values(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(self.text(name), VEIL if is_secret_header(name) else self.text(value)) for name, value in headers]

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self._member(name, member) for name, member in value.items()}
        if isinstance(value, list):
            return [self._value(entry) for entry in value]
        if self._patterns and isinstance(value, int | float) and not isinstance(value, bool):
            return VEIL if any(pattern.search(str(value)) for pattern in self._patterns) else value
        return value

    def _member(self, name: str, value: Any) -> Any:
        if is_secret_member(name) and value not in (None, "", True, False):
            return VEIL
        if isinstance(value, dict):
            if holds_secrets(name):
                return {self.text(each): VEIL for each in value}
            if name in _SCHEMA_NAMES:
                return {
                    self.text(each): self._value(schema) if _is_schema(schema) else self._member(each, schema)
                    for each, schema in value.items()
                }
        return self._value(value)


def overreaching(patterns: Iterable[str]) -> list[str]:
    """Warnings, a sentence each, about those that would replace more than secrets: the names of events and members."""
    found = []
    for source in patterns:
        pattern = _compiled(source)
        words = [repr(word) for word in _OF_THE_PROTOCOL if pattern.search(word)]
        if words:
            several = f"{', '.join(words[:2])} and other words" if len(words) > 2 else " and ".join(words)
            found.append(
                f"the pattern {source!r} matches {several} of the protocol itself: *** will stand there as well, and "
                "what is recorded can hardly be replayed or compared; write one that matches secrets only"
            )
    return found


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict) and not _SCHEMA_WORDS.isdisjoint(value)


def _compiled(pattern: str) -> "re.Pattern[str]":
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    if compiled.match(""):
        raise ValueError(f"{pattern!r} matches nothing at all, so it would be everywhere")
    return compiled


def _parameters(url: str) -> list[tuple[str, str]]:
    """Secret ones, with their values as they stand there and as they are meant."""
    parameters = [parameter.partition("=")[::2] for parameter in url.partition("?")[2].split("&")]
    secret = [(name, value) for name, value in parameters if is_secret_parameter(name)]
    return [(name, spelled) for name, value in secret for spelled in (value, unquote_plus(value))]


def _credentials(name: str, value: str) -> list[str]:
    """The words of a header or a parameter that would be secrets in any text: not ``Bearer``, nor ``HttpOnly``."""
    return (_OF_COOKIES if "cookie" in name.lower() else _OF_OTHERS).findall(value)


def _shown_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}{equals}{VEIL}" if equals and is_secret_parameter(name) else parameter
