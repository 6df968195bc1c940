"""The steps of a reply, as a scenario writes them: one key says what is done, others how."""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

from vlmock.errors import did_you_mean
from vlmock.protocol.response import INCOMPLETE_REASONS
from vlmock.scenario import service_steps
from vlmock.scenario.json_text import as_json_text
from vlmock.scenario.kinds import (
    Choice,
    Count,
    Duration,
    Either,
    Json,
    Key,
    ListOf,
    Record,
    Schema,
    Text,
    word_for_failing,
)
from vlmock.scenario.model import STEP_KINDS, PlannedStep
from vlmock.scenario.nodes import Node
from vlmock.scenario.places import Gathering
from vlmock.scenario.step_values import ARGUMENTS, JSON, WORDS, As, words
from vlmock.scenario.templates import compile_tree
from vlmock.session.script import Call, Step

__all__ = ["REPLY"]


def _call(name: str, arguments: Any = "{}", call_id: str | None = None) -> Call:
    return Call(name, as_json_text(arguments), call_id)


# ---- what the values of some steps are


def _emitted(tree: Any, node: Node) -> Any:
    kind = tree.get("type")
    if not isinstance(kind, str) or not kind:
        raise node.place.complaint("emit: an event needs a 'type', which is text")
    return {"event": compile_tree(tree, node.place)}


def _close(values: dict[str, Any], node: Node) -> dict[str, Any]:
    code = values.get("code", 1000)
    if not (code in (1000, 1001, 1002, 1003) or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise node.place.complaint(f"close: {code} may not be sent; there are 1000 to 1003, 1007 to 1014, 3000 to 4999")
    if len(str(values.get("reason", "")).encode()) > 123:
        raise node.place.complaint("close: the reason is longer than 123 bytes, more than a close frame holds")
    return values


def _values(values: dict[str, Any], node: Node) -> dict[str, Any]:
    return values


_MESSAGE = words("What went wrong, for people.", required=True)
_ERROR = Record(
    "error",
    "An error event; the conversation goes on.",
    {
        "message": _MESSAGE,
        "code": words("A word for programs."),
        "type": words("server_error unless given."),
        "param": words("Which field is at fault."),
    },
    _values,
)
_WARN = Record(
    "warn",
    "A warning event; the conversation goes on. Versions before 2026-01-01-preview have none.",
    {
        "message": words("What is odd, for people.", required=True),
        "code": _ERROR.keys["code"],
        "param": _ERROR.keys["param"],
    },
    _values,
)
_FAIL = Record(
    "fail",
    "Ends the response with status failed.",
    {"message": _MESSAGE, "code": _ERROR.keys["code"], "type": _ERROR.keys["type"]},
    _values,
)
_CLOSE = Record(
    "close",
    "Closes the connection.",
    {"code": Key(Count(1000, 4999), "As in RFC 6455; 1000 unless given."), "reason": Key(Text(), "At most 123 bytes.")},
    _close,
)


def _planned(kind: str) -> Any:
    def build(values: dict[str, Any], node: Node) -> PlannedStep:
        main = values.pop(kind)
        if "output" in values and "error" in values:
            raise node.keys["error"].complaint("'error' stands in place of an 'output': leave one of them out")
        return PlannedStep(_MAKERS[kind], main | values, node.place)

    return build


_MAKERS: Mapping[str, Callable[..., Step]] = {**STEP_KINDS, "call": _call, **service_steps.MAKERS}
_COMPANIONS: Mapping[str, Mapping[str, Key]] = {
    "say": {
        "audio": Key(Text(), "A WAV file to play for it; the path starts at the scenario's own folder."),
        "annotations": Key(
            ListOf(JSON),
            "Where the words come from: any JSON, each in an event of its own, where the answer is spoken.",
        ),
    },
    "call": {
        "arguments": Key(ARGUMENTS, "What the function is called with; text goes to the client as it stands."),
        "call_id": words("The id of the call; one is made unless given."),
    },
    **service_steps.COMPANIONS,
}
_MAIN: Mapping[str, Key] = {
    "say": Key(As("text", WORDS), "Words of the assistant."),
    "call": Key(As("name", WORDS), "The function to call."),
    "wait": Key(As("seconds", Duration()), "Nothing for so long: seconds, or 200ms."),
    "emit": Key(Json(_emitted, mapping=True), "Any server event, sent as it stands."),
    "error": Key(Either("a message, or a mapping", text=As("message", WORDS), mapping=_ERROR), _ERROR.about),
    "warn": Key(Either("a message, or a mapping", text=As("message", WORDS), mapping=_WARN), _WARN.about),
    "fail": Key(Either("a message, or a mapping", text=As("message", WORDS), mapping=_FAIL), _FAIL.about),
    "incomplete": Key(
        As("reason", Choice(INCOMPLETE_REASONS)), "Ends the response with status incomplete, for this reason."
    ),
    "close": Key(
        Either("a code, or a mapping", number=As("code", Count(1000, 4999), _CLOSE), mapping=_CLOSE), _CLOSE.about
    ),
    **service_steps.MAIN,
}
_STEPS = {
    kind: Record(f"step_{kind}", key.about, {kind: key, **_COMPANIONS.get(kind, {})}, _planned(kind))
    for kind, key in _MAIN.items()
}


def _accompanies(key: str, keys: Iterable[str]) -> bool:
    """``error`` is a step of its own, and beside ``mcp`` what comes of it."""
    return any(key in _COMPANIONS.get(other, ()) for other in keys)


class _StepKind:
    """One step: words to say, or a mapping with the key that says what to do."""

    def read(self, node: Node, name: str) -> PlannedStep:
        if isinstance(node.value, str):
            return PlannedStep(STEP_KINDS["say"], {"text": WORDS.read(node, name)}, node.place)
        if not isinstance(node.value, dict):
            raise node.place.complaint(f"{name}: expected a step ({', '.join(_STEPS)}), got {node.describe()}")
        kinds = [key for key in node.value if key in _STEPS and not _accompanies(key, node.value)]
        if len(kinds) > 1:
            second = node.keys[kinds[1]]
            told = f"a step does one thing: {kinds[0]!r} and {kinds[1]!r} are two steps, each with its '- '"
            if kinds[1] in ("error", "fail") and (word := word_for_failing(_COMPANIONS.get(kinds[0], ()))):
                told += f"; where {kinds[0]!r} is to fail, {word!r} says so"
            raise second.complaint(told)
        if not kinds:
            raise self._unknown(node)
        step: PlannedStep = _STEPS[kinds[0]].read(node, name)
        return step

    def schema(self, defs: Schema) -> Schema:
        defs["step"] = {"anyOf": [WORDS.schema(defs), *(record.schema(defs) for record in _STEPS.values())]}
        for kind in _STEPS:
            defs[f"step_{kind}"]["required"] = [kind]
        return {"$ref": "#/$defs/step"}

    @staticmethod
    def _unknown(node: Node) -> Any:
        assert isinstance(node.value, dict)
        if not node.value:
            return node.place.complaint(f"an empty step; there are {', '.join(_STEPS)}")
        word = next(iter(node.value))
        owner = next((kind for kind, keys in _COMPANIONS.items() if word in keys), None)
        if owner:
            return node.keys[word].complaint(f"{word!r} needs {owner!r} in the same step")
        hint = did_you_mean(word, _STEPS) or f"; there are {', '.join(_STEPS)}"
        return node.keys[word].complaint(f"unknown step {word!r}{hint}")


class _ReplyKind:
    """A list of steps; text alone is something to say."""

    _steps = ListOf(_StepKind(), empty="an empty reply; to answer without a word write '- wait: 0'")

    def read(self, node: Node, name: str) -> tuple[PlannedStep, ...]:
        if isinstance(node.value, str):
            return (_StepKind().read(node, name),)
        if not isinstance(node.value, list):
            remedy = " (begin each step with '- ')" if isinstance(node.value, dict) else ""
            raise node.place.complaint(f"{name}: expected text or a list of steps, got {node.describe()}{remedy}")
        plan: tuple[PlannedStep, ...] = self._steps.read(node, name)
        gathering = Gathering()
        for step, follower in pairwise(plan):
            kind = next((kind for kind in ("fail", "incomplete", "close") if step.make is STEP_KINDS[kind]), None)
            if kind:
                gathering.add(follower.place, f"never reached: nothing comes after {kind!r}")
        gathering.close()
        return plan

    def schema(self, defs: Schema) -> Schema:
        return {"anyOf": [WORDS.schema(defs), self._steps.schema(defs)]}


REPLY = _ReplyKind()
