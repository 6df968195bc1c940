"""Calls of the client's functions: run once, answered once, and all of a response before it goes on.

A round is all that one response calls. A call runs when it is complete, its output is sent as soon as it is known, and
when the response is done and its last output is sent, one more response is asked for (behaviour.md 4.4).
"""

from collections.abc import Iterator

import msgspec

from vlclient.commands import RunTool
from vlmock.protocol.items import FunctionCallItem, FunctionCallOutputItem, RequestFunctionCallOutput
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone
from vlmock.protocol.wire import given

__all__ = ["ToolRounds"]

_GOES_ON = ("completed", "incomplete")
"""How a response ended whose complete calls are worth an answer. Assumed: after a cancelled one the user has the word,
or wanted silence; after a failed one another would fail too. Their outputs are sent all the same, so that a later
response can use them."""


class _Call(msgspec.Struct):
    """One call of a function, as far as it is known."""

    response_id: str
    call_id: str
    item_id: str = ""
    name: str = ""
    arguments: str = ""
    written: bool = False
    """The arguments are complete."""
    complete: bool = False
    """The item is, and its arguments with it."""
    running: bool = False
    """It was handed out, and no output has been sent."""
    settled: bool = False
    """Its output was sent, or it has none to wait for."""


class _Round(msgspec.Struct):
    """The calls of one response."""

    calls: list[_Call] = msgspec.field(default_factory=list)
    interrupted: bool = False
    """The user spoke. Whether that came too late to cut it off is told by its status."""
    cancelled: bool = False
    """The client wants silence."""
    status: str | None = None
    """Of ``response.done``; None until it comes."""
    answered_by_us: bool = False
    """Who answers by hand also asks for the response by hand."""

    @property
    def goes_on(self) -> bool:
        if self.status is None:
            return not (self.interrupted or self.cancelled)
        return self.status in _GOES_ON and not self.cancelled


class ToolRounds:
    """The calls of one connection."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}
        self._rounds: dict[str, _Round] = {}
        self._unconfirmed: set[str] = set()

    @property
    def are_open(self) -> bool:
        """Whether a response that is to go on still lacks an output."""
        rounds = (round_ for round_ in self._rounds.values() if round_.goes_on)
        return any(call.running for round_ in rounds for call in round_.calls)

    @property
    def all_confirmed(self) -> bool:
        """Whether the service has said of each output that it is in the conversation."""
        return not self._unconfirmed

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The ids of the calls that run."""
        return tuple(call.call_id for call in self._calls.values() if call.running)

    # ---- what the service says

    def told(self, response_id: str, item: FunctionCallItem) -> None:
        """A call as it stands in an item."""
        call = self._call(response_id, item.call_id)
        call.item_id, call.name = item.id or call.item_id, item.name or call.name
        call.arguments = item.arguments or call.arguments

    def arguments_done(self, event: ResponseFunctionCallArgumentsDone) -> None:
        """The arguments are written. Not yet to be run: those of a response that is cut off can end anywhere."""
        call = self._call(event.response_id, event.call_id)
        call.item_id = event.item_id or call.item_id
        call.name = given(event.name, "") or call.name
        call.arguments, call.written = event.arguments or call.arguments, True

    def item_done(self, response_id: str, item: FunctionCallItem) -> Iterator[RunTool]:
        """A call is complete and can be run, or was broken off (status ``incomplete``) and never is.

        Once the user has interrupted, it waits to be seen whether its response is cut off.
        """
        call = self._ends(response_id, item)
        round_ = self._rounds.get(call.response_id)
        if call.complete and round_ is not None and round_.goes_on:
            yield from _run(call)

    def response_done(self, response_id: str, status: str, items: list[FunctionCallItem]) -> Iterator[RunTool]:
        """The response is over. What it called and was not run yet is run now, if it was not cut off."""
        for item in items:
            self._ends(response_id, item)
        if (round_ := self._rounds.get(response_id)) is None:
            return
        round_.status = round_.status or status
        for call in round_.calls if round_.goes_on else []:
            if call.complete or (call.written and round_.status == "completed"):
                yield from _run(call)

    def interrupted(self, response_id: str) -> None:
        """The user began to speak while the response was active."""
        self._rounds.setdefault(response_id, _Round()).interrupted = True

    def cancelled(self, response_id: str) -> None:
        """The client has cancelled the response."""
        self._rounds.setdefault(response_id, _Round()).cancelled = True

    def confirmed(self, item: FunctionCallOutputItem) -> None:
        """The service has the output."""
        self._unconfirmed.discard(item.call_id)

    def deleted(self, item_id: str) -> None:
        """An item is gone; if it was a call, its output would be refused."""
        for call in self._calls.values():
            if item_id and call.item_id == item_id:
                call.running, call.settled = False, True

    # ---- what the client says

    def answer(self, call_id: str, output: str) -> RequestFunctionCallOutput | None:
        """The item to send; None when there is no such call, or it has been answered."""
        call = self._calls.get(call_id)
        if call is None or not call.running:
            return None
        self._settle(call)
        self._rounds[call.response_id].answered_by_us = True
        return RequestFunctionCallOutput(call_id=call_id, output=output)

    def answered_by_the_application(self, call_id: str) -> None:
        """The application has sent an output past us, perhaps for a call of an earlier session."""
        call = self._calls.setdefault(call_id, _Call("", call_id))
        if not call.settled:
            self._settle(call)

    def take_finished(self) -> bool:
        """Whether a response has ended whose outputs are all sent and which is to be gone on with. Says so once."""
        ended = [
            (response_id, round_)
            for response_id, round_ in self._rounds.items()
            if round_.status is not None and not any(call.running for call in round_.calls)
        ]
        for response_id, _ in ended:
            del self._rounds[response_id]
        return any(round_.goes_on and round_.answered_by_us for _, round_ in ended)

    # ----

    def _call(self, response_id: str, call_id: str) -> _Call:
        if call_id not in self._calls:
            self._calls[call_id] = call = _Call(response_id, call_id)
            self._rounds.setdefault(response_id, _Round()).calls.append(call)
        return self._calls[call_id]

    def _ends(self, response_id: str, item: FunctionCallItem) -> _Call:
        self.told(response_id, item)
        call = self._calls[item.call_id]
        call.complete = item.status == "completed"
        call.written = call.written and call.complete
        return call

    def _settle(self, call: _Call) -> None:
        call.running, call.settled = False, True
        self._unconfirmed.add(call.call_id)


def _run(call: _Call) -> Iterator[RunTool]:
    if not call.running and not call.settled:
        call.running = True
        yield RunTool(call.response_id, call.call_id, call.name, call.arguments)
