"""Clients that have the bugs of the museum: spoken turns, interruptions, and the ends of connections."""

import asyncio
import json
from typing import Any

from tests.museum.bad_client import BadClient
from tests.museum.plain import REACTION_S, Plain
from tests.server.fakes import PATH, RawClient, text
from vlmock.scenario.story import Act

__all__ = ["CONVERSATIONS"]

Event = dict[str, Any]


class OpensTheMicrophoneFirst(Plain):
    async def configure(self) -> None:
        await self.update()


class AnswersForTheService(Plain):
    """The application asks for a reply when the user has spoken."""

    async def on_input_audio_buffer_speech_stopped(self, event: Event) -> None:
        await asyncio.sleep(REACTION_S)
        await self.ask()


class CancelsOnSpeech(Plain):
    async def on_input_audio_buffer_speech_started(self, event: Event) -> None:
        await super().on_input_audio_buffer_speech_started(event)
        await self.send("response.cancel")


class CountsTheClock(Plain):
    """Or rather a minute, whatever has come."""

    async def on_input_audio_buffer_speech_started(self, event: Event) -> None:
        await super().on_input_audio_buffer_speech_started(event)
        if self.item_id:
            where = {"item_id": self.item_id, "content_index": 0, "audio_end_ms": 60_000}
            await self.send("conversation.item.truncate", **where)


class NeverComesBack(Plain):
    comes_back = False


class PlaysOn(Plain):
    """The player has its queue."""

    def silence(self) -> None:
        pass


class EveryFailureIsFatal(Plain):
    async def on_conversation_item_input_audio_transcription_failed(self, event: Event) -> None:
        raise ConnectionError("the transcription has failed")


class EachTranscriptIsATurn(Plain):
    async def on_conversation_item_input_audio_transcription_completed(self, event: Event) -> None:
        await self.type(event["transcript"])
        await self.ask()


class HalfAGoodbye(Plain):
    """Is gone as soon as it is told to go."""

    async def run(self) -> None:
        await asyncio.to_thread(self.talk_and_drop)

    def talk_and_drop(self) -> None:
        content = [{"type": "input_text", "text": self.visit.says[0]}]
        item = {"type": "message", "role": "user", "content": content}
        with RawClient(self.visit.server.port) as client:
            client.upgrade(PATH)
            client.send(text(json.dumps({"type": "session.update", "session": {}})))
            client.send(text(json.dumps({"type": "conversation.item.create", "item": item})))
            client.send(text('{"type": "response.create"}'))
            client.close_code()


class GreetsAgain(Plain):
    """Each connection begins with a greeting."""

    async def talk(self) -> None:
        if self.connections == 2:
            self.acts.insert(0, Act("greets"))
        await super().talk()

    @property
    def may_come_back(self) -> bool:
        return self.connections < 2


CONVERSATIONS: dict[str, BadClient] = {
    "microphone_too_soon": BadClient(OpensTheMicrophoneFirst, "VL101 wait-for-session-updated"),
    "answered_twice": BadClient(AnswersForTheService, "VL402 wait-for-the-automatic-answer"),
    "redundant_cancel": BadClient(CancelsOnSpeech, "VL309 let-the-service-interrupt"),
    "truncated_too_late": BadClient(CountsTheClock, "VL302 truncate-what-was-sent"),
    "session_expired": BadClient(NeverComesBack, "the client has not come back"),
    "talks_on": BadClient(PlaysOn, "VL301 fall-silent"),
    "transcription_failed": BadClient(EveryFailureIsFatal, "was not played: user"),
    "late_transcript": BadClient(EachTranscriptIsATurn, "nothing in scenario"),
    "closed_in_mid_answer": BadClient(HalfAGoodbye, "VL805 finish-the-goodbye"),
    "greeted_again": BadClient(GreetsAgain, "VL901 greet-once"),
}
