"""Clients that have the bugs of the museum: calls of functions, and requests for responses."""

import asyncio
import json
from typing import Any

from tests.museum.bad_client import BadClient
from tests.museum.plain import REACTION_S, Plain
from vlmock.scenario.story import Act

__all__ = ["REQUESTS"]

Event = dict[str, Any]


class AsksForEachCall(Plain):
    """One task for each call, and each asks for itself."""

    async def answer(self, response: Event) -> None:
        for call in response["output"]:
            if call["type"] == "function_call":
                await self.output(call)
                await self.ask()


class AnswersAtOnce(Plain):
    """As soon as the arguments are there."""

    async def on_response_function_call_arguments_done(self, event: Event) -> None:
        await self.output(event)
        await self.ask()

    async def answer(self, response: Event) -> None:
        pass


class KnowsItsToolsOnly(Plain):
    """What it does not know it does not answer."""

    async def output(self, call: Event) -> None:
        if call["name"] in self.visit.tools:
            await super().output(call)


class LogsExceptions(Plain):
    """And sends nothing."""

    async def output(self, call: Event) -> None:
        try:
            output = self.call(call["name"], call["arguments"])
        except TypeError:
            return
        await self.item({"type": "function_call_output", "call_id": call["call_id"], "output": output})


class TrustsTheModel(Plain):
    """It always writes JSON."""

    async def output(self, call: Event) -> None:
        json.loads(call["arguments"])
        await super().output(call)


class AnswersTwice(Plain):
    """When the arguments are complete, and when the response is."""

    async def on_response_function_call_arguments_done(self, event: Event) -> None:
        await self.output(event)


class NeverAsksAgain(Plain):
    """Waits for the service to go on."""

    async def answer(self, response: Event) -> None:
        for call in response["output"]:
            if call["type"] == "function_call":
                await self.output(call)


class SaysItAtOnce(Plain):
    """Whatever is going on."""

    async def interrupts(self, act: Act) -> None:
        await self.says(act)


class CancelsAndAsks(Plain):
    """In the same breath."""

    async def stops(self, act: Act) -> None:
        await super().stops(act)
        self.active = False


class AlwaysCancels(Plain):
    async def stops(self, act: Act) -> None:
        await asyncio.sleep(REACTION_S)
        await self.send("response.cancel")


REQUESTS: dict[str, BadClient] = {
    "two_calls": BadClient(AsksForEachCall, "VL401 one-response-at-a-time"),
    "call_before_speech": BadClient(AnswersAtOnce, "VL401 one-response-at-a-time"),
    "unknown_tool": BadClient(KnowsItsToolsOnly, "the output of open_pod_bay_doors"),
    "tool_raises": BadClient(LogsExceptions, "was not played: the output of get_weather"),
    "broken_arguments": BadClient(TrustsTheModel, "was not played: the output of get_weather"),
    "one_call_thrice": BadClient(AnswersTwice, "VL502 one-output-for-each-call"),
    "silence_after_a_tool": BadClient(NeverAsksAgain, "expected at least 3 server response.created, got 2"),
    "two_lines_at_once": BadClient(SaysItAtOnce, "VL401 one-response-at-a-time"),
    "cancel_and_ask": BadClient(CancelsAndAsks, "VL401 one-response-at-a-time"),
    "stop_after_the_end": BadClient(AlwaysCancels, "VL308 cancel-what-runs"),
}
