"""Typing to the server under test, asking it for responses, and what it sends of one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vlclient.checks.probe import Probe
from vlclient.checks.verdicts import Falsified, Finding, NotOffered
from vlclient.checks.wire import Event, Wire

__all__ = ["ABSENT", "LONG", "TEXT", "Answer", "answered", "ask", "message", "put", "talking", "typed"]

LONG: Final = "Count from one to one hundred in words, one number after the other, without leaving out any."
"""An answer that goes on for a while."""
TEXT: Final[Mapping[str, Any]] = {"modalities": ["text"]}
"""For one response. Observed {PIPE}, behaviour 4.8: native voices take this as well."""
ABSENT: Final = "item_that_never_was"
_BRIEF: Final = "Answer in one short sentence."


class Answer:
    """One response from ``response.created`` to ``response.done``, with all that came in between."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = tuple(events)
        self.created: Event = events[0]["response"]
        self.done: Event = events[-1]["response"]
        self.id: str = self.created["id"]

    @property
    def output(self) -> list[Event]:
        """What ``response.done`` says that came of it."""
        items: list[Event] = self.done["output"]
        return items

    @property
    def item(self) -> Event:
        """Its first item. Raises Falsified where there is none."""
        if not self.output:
            raise Falsified(Finding("an item in the output of response.done", "none"))
        return self.output[0]

    @property
    def own(self) -> list[Event]:
        """The events that name this response; others may come in between."""
        return [event for event in self.events if event.get("response_id") == self.id]

    def of(self, type: str) -> list[Event]:
        """Those of this type that name this response."""
        return [event for event in self.own if event["type"] == type]

    def one(self, type: str) -> Event:
        """The only one of this type. Raises Falsified where there are none or several."""
        found = self.of(type)
        if len(found) != 1:
            raise Falsified(Finding(f"one {type}", f"{len(found)} of them"))
        return found[0]

    def joined(self, type: str) -> str:
        """The deltas of this type, put together."""
        return "".join(str(event["delta"]) for event in self.of(type))

    def only(self, item: Event) -> "Answer":
        """The same response with no more than one item's events."""
        of_item = [event for event in self.own if item["id"] in _items_of(event)]
        return Answer([self.events[0], *of_item, self.events[-1]])

    def steps(self) -> list[str]:
        """The types of its events, in their order; each run of deltas as one."""
        steps: list[str] = []
        for event in self.own:
            type = event["type"]
            if not (type.endswith(".delta") and steps[-1:] == [type]):
                steps.append(type)
        return steps


def _items_of(event: Event) -> tuple[Any, Any]:
    return event.get("item_id"), (event.get("item") or {}).get("id")


async def talking(probe: Probe, settings: Mapping[str, Any] | None = None) -> Wire:
    """A session in which the model is to be brief, for answers cost time and money."""
    brief = {} if probe.server.agent else {"instructions": _BRIEF}
    return await probe.session({**brief, **(settings or {})})


def message(text: str, *, role: str = "user", **members: Any) -> dict[str, Any]:
    """A message of words, as a client writes it."""
    part = "text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": part, "text": text}], **members}


async def put(probe: Probe, wire: Wire, item: Mapping[str, Any], **members: Any) -> Event:
    """An item into the conversation; ``members`` of the event. What is answered: ``conversation.item.created``."""
    await wire.send({"type": "conversation.item.create", "item": item, **members})
    answer = await probe.answer(wire, "conversation.item.created")
    probe.require(answer["type"] != "error", "conversation.item.created", answer.get("error"))
    return answer


async def typed(probe: Probe, wire: Wire, text: str) -> Event:
    """Something that the user says in writing."""
    return await put(probe, wire, message(text))


async def ask(
    probe: Probe,
    wire: Wire,
    response: Mapping[str, Any] | None = None,
    *,
    ends: str = "completed",
    optional: bool = False,
    **members: Any,
) -> Answer:
    """A response, asked for by the client: see ``answered``."""
    asked = {} if response is None else {"response": response}
    await wire.send({"type": "response.create", **asked, **members})
    return await answered(probe, wire, ends=ends, optional=optional)


async def answered(probe: Probe, wire: Wire, *, ends: str = "completed", optional: bool = False) -> Answer:
    """The next response from beginning to end, which it has to reach with the status ``ends``.

    ``optional``: a server that refuses the request does not offer what the check is about. One whose model fails says
    nothing about the requirement.
    """
    created = await probe.answer(wire, "response.created")
    if created["type"] == "error":
        refusal = str(created["error"].get("message"))
        if optional:
            raise NotOffered(f"this is refused: {refusal}")
        probe.require(False, "response.created", refusal)
    response_id = created["response"]["id"]
    rest = await wire.until("response.done", where=lambda event: event["response"].get("id") == response_id)
    answer = Answer([created, *rest])
    status = answer.done["status"]
    probe.went_well(answer.done)
    probe.require(status == ends, f"status {ends}", f"{status}, {answer.done.get('status_details')}")
    return answer
