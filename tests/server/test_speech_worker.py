"""Speaking happens beside the loop, and nobody waits for another's long text."""

import asyncio
import threading
from collections.abc import Iterator
from threading import Event, Semaphore

import pytest

from vlmock.protocol.audio_format import output_format
from vlmock.server.speech_worker import LONG_TEXT, Speaker, Workers
from vlmock.session.effects import Speech, SpeechRequest

SPEECH = Speech(b"", 0.0)
LONG = "word " * (LONG_TEXT // 5 + 1)


def line(text: str) -> SpeechRequest:
    return SpeechRequest(text, output_format("pcm16"))


class SlowReader:
    """Takes as long over long texts as it is told, and no time over short ones. A ``Studio``."""

    def __init__(self) -> None:
        self.begun, self.may_end = Semaphore(0), Event()

    def cached(self, request: SpeechRequest) -> Speech | None:
        return None

    def speak(self, request: SpeechRequest) -> Speech:
        if len(request.text) > LONG_TEXT:
            self.begun.release()
            assert self.may_end.wait(10)
        return SPEECH


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers("test")
    yield workers
    workers.stop(10)


async def spoken(speaker: Speaker, text: str) -> Speech | Exception:
    done: asyncio.Future[Speech | Exception] = asyncio.get_running_loop().create_future()
    speaker.speak(line(text), done.set_result)
    return await done


async def test_a_line_does_not_wait_for_the_long_texts_of_others(workers: Workers) -> None:
    """However many sessions have a book read to them, who says hello is heard at once."""
    studio = SlowReader()
    speaker = Speaker(studio, workers)
    books = [asyncio.create_task(spoken(speaker, f"{number} {LONG}")) for number in range(5)]
    try:
        await asyncio.to_thread(studio.begun.acquire, timeout=10)
        async with asyncio.timeout(5):
            assert await spoken(speaker, "Hello.") is SPEECH
        assert not any(book.done() for book in books)
    finally:
        studio.may_end.set()
    assert await asyncio.gather(*books) == [SPEECH] * 5


async def test_nothing_is_left_running(workers: Workers) -> None:
    """Neither the threads for short lines nor those for long texts outlive the server."""
    studio = SlowReader()
    studio.may_end.set()
    for text in ("Hello.", LONG):
        assert await spoken(Speaker(studio, workers), text) is SPEECH
    assert len(_running()) == 2
    workers.stop(10)
    assert not _running()


def _running() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("vlmock-test")]
