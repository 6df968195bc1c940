"""Speaking and listening take time, so they happen in threads beside the loop."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, wait
from concurrent.futures.thread import ThreadPoolExecutor
from typing import Any, Final, Protocol, TypeVar

from vlmock.session.effects import Speech, SpeechRequest

__all__ = ["LONG_TEXT", "Speaker", "Studio", "Workers"]

T = TypeVar("T")

_WORKERS: Final = 2
LONG_TEXT: Final = 500
"""Characters, half a minute of speech. More takes threads of its own: a flite reads five minutes in two seconds, and
nobody else's hello is to wait for that."""


class Studio(Protocol):
    """Who can speak: ``vlmock.scenario.speech.SpeechStudio``, or a double of it."""

    def cached(self, request: SpeechRequest) -> Speech | None:
        """The speech if it is at hand."""

    def speak(self, request: SpeechRequest) -> Speech:
        """The speech; takes as long as it takes."""


class Workers:
    """A few threads, and as many for what takes long. They start when there is something to do."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pools: dict[bool, ThreadPoolExecutor] = {}
        """By whether it takes long."""
        self._unfinished: set[Future[Any]] = set()

    def do(self, work: Callable[[], Any], *, long: bool = False) -> "Future[Any]":
        """Have something done in a thread."""
        if long not in self._pools:
            name = f"vlmock-{self._name}-long" if long else f"vlmock-{self._name}"
            self._pools[long] = ThreadPoolExecutor(_WORKERS, thread_name_prefix=name)
        future = self._pools[long].submit(work)
        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)
        return future

    def deliver(
        self, work: Callable[[], T], done: Callable[[T | Exception], None], *, long: bool = False
    ) -> "Future[T]":
        """Have something done; ``done`` is called in the loop with what came of it, or with what went wrong, unless it
        was cancelled before."""
        loop = asyncio.get_running_loop()

        def finished(future: "Future[T]") -> None:
            if not future.cancelled():
                error = future.exception()
                assert error is None or isinstance(error, Exception), error
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is waiting any more
                    loop.call_soon_threadsafe(done, error or future.result())

        future = self.do(work, long=long)
        future.add_done_callback(finished)
        return future

    def stop(self, timeout_seconds: float) -> None:
        """Let what is being done end, for so long; then leave it to end alone."""
        for future in tuple(self._unfinished):
            future.cancel()
        unfinished = wait(tuple(self._unfinished), timeout_seconds).not_done
        for pool in self._pools.values():
            pool.shutdown(wait=not unfinished, cancel_futures=True)
        self._pools.clear()


class Speaker:
    """One studio and the threads that it works in."""

    def __init__(self, studio: Studio, workers: Workers) -> None:
        self.at_hand = studio.cached
        self._studio = studio
        self._workers = workers

    def speak(self, request: SpeechRequest, done: Callable[[Speech | Exception], None]) -> None:
        """Have words spoken; ``done`` is called in the loop with the speech, or with what went wrong."""
        self._workers.deliver(lambda: self._studio.speak(request), done, long=len(request.text) > LONG_TEXT)
