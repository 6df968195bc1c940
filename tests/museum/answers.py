"""Clients that have the bugs of the museum: what comes from the service."""

import base64
from typing import Any

import numpy as np

from tests.museum.bad_client import BadClient
from tests.museum.plain import Plain

__all__ = ["ANSWERS"]

Event = dict[str, Any]


class ClosedEnum(Plain):
    """Knows the types of today."""

    async def on_anything_else(self, event: Event) -> None:
        if event["type"].partition(".")[0] not in ("conversation", "input_audio_buffer") and (
            event["type"].startswith(("rate_limits", "session.weather", "response.mood"))
        ):
            raise ValueError(f"{event['type']} is no RealtimeEvent")


class SmallMessages(Plain):
    """Leaves the limit of the library as it is."""

    max_size = 2**20


class WholeSamples(Plain):
    """Takes each delta for whole samples."""

    async def on_response_audio_delta(self, event: Event) -> None:
        np.frombuffer(base64.b64decode(event["delta"]), dtype="<i2")
        await super().on_response_audio_delta(event)


class EveryErrorIsFatal(Plain):
    async def on_error(self, event: Event) -> None:
        raise ConnectionError(event["error"]["message"])


class WaitsForCompleted(Plain):
    """Any other end is none."""

    async def on_response_done(self, event: Event) -> None:
        if event["response"]["status"] == "completed":
            await super().on_response_done(event)


class FailureIsFatal(Plain):
    async def on_response_done(self, event: Event) -> None:
        if event["response"]["status"] == "failed":
            raise ConnectionError("the provider has failed")
        await super().on_response_done(event)


class WaitsForTheAnswerToACall(Plain):
    """Counts calls when they are made, and is not done before there was an answer after them."""

    async def on_response_function_call_arguments_done(self, event: Event) -> None:
        self.owed = True


class WaitsForSound(Plain):
    """An answer is over when its sound is."""

    async def on_response_created(self, event: Event) -> None:
        await super().on_response_created(event)
        self.owed = True

    async def on_response_audio_done(self, event: Event) -> None:
        self.owed = False


ANSWERS: dict[str, BadClient] = {
    "unknown_event": BadClient(ClosedEnum, "was not played: user"),
    "big_message": BadClient(SmallMessages, "was not played: user"),
    "odd_delta": BadClient(WholeSamples, "was not played: user"),
    "benign_error": BadClient(EveryErrorIsFatal, "was not played: user"),
    "cancel_came_late": BadClient(EveryErrorIsFatal, "was not played: user"),
    "already_answering": BadClient(EveryErrorIsFatal, "was not played: user"),
    "failed_answer": BadClient(FailureIsFatal, "was not played: user"),
    "failed_after_call": BadClient(WaitsForTheAnswerToACall, "had not come to an end after"),
    "cut_short": BadClient(WaitsForCompleted, "had not come to an end after"),
    "no_words": BadClient(WaitsForSound, "had not come to an end after"),
}
