"""Threads that nobody waits for at the end."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

__all__ = ["ForgottenThreads"]

P = ParamSpec("P")
T = TypeVar("T")


class ForgottenThreads(ThreadPoolExecutor):
    """A thread for each call, which does not keep the program alive.

    What runs in them may hang: a tool, ``az``, the look-up of a name. Whoever wants to leave shall not wait for it.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=work, name="vlclient call", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is waited for."""
