"""A server for tests, in a thread and loop of its own: tests may be sync or async, and agents may block."""

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from vlmock.scenario.director import Director
from vlmock.scenario.expectations import check
from vlmock.scenario.library import Playable, problems_of
from vlmock.server.journal import Journal
from vlmock.server.journal_entry import Entry
from vlmock.server.listener import Listener, url_host
from vlmock.server.reception import Played, Reception, SessionFactory, Settings, TimingProfile, session_for
from vlmock.server.repertoire import Repertoire
from vlmock.server.transport import MAX_MESSAGE_BYTES, Limits
from vlmock.session.script import Script

__all__ = ["MockServer", "serve"]


def serve(
    scenario: Playable = None,
    *,
    offers: Mapping[str, Playable] | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    timing: TimingProfile = "instant",
    seed: int = 0,
    api_key: str | None = None,
    speech: str = "builtin",
    compression: bool = False,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
    journal_bytes: int = 256 * 1024 * 1024,
    log: Callable[[Entry], None] | None = None,
) -> "MockServer":
    """Start a server; leave it with ``stop()``, or use it in ``with`` or ``async with``.

    ``scenario``: the name of a shipped one, a path, a ``Scenario``, a function, a ``Script`` class; None answers
    anybody sensibly. ``offers``: more of them, by the names that clients ask for (``http://127.0.0.1:8765/NAME``);
    the shipped ones need not be offered. ``port``: 0 is any free one. ``timing``: ``instant``, ``cascade``, ``hybrid``,
    ``native``, ``pipeline`` (whichever the session's is), or milliseconds by segment; what a scenario says goes first.
    ``seed`` makes ids and timing. ``api_key``: the only good credential; None lets in any that is not empty.
    ``speech``: ``builtin``, ``flite`` or ``espeak-ng``. ``compression``: agree to permessage-deflate.
    ``max_message_bytes``: longer messages close the connection with 1009. ``journal_bytes``: about what the journal may
    keep. ``log``: is given every journal entry, in the server's thread.

    Raises ServerError when the address cannot be had, ScenarioError when a scenario is wrong, SpeechError when the
    engine is not there, ValueError when there is no such timing.
    """
    settings = Settings(
        timing=timing,
        seed=seed,
        api_key=api_key,
        speech=speech,
        compression=compression,
        limits=Limits(message_bytes=max_message_bytes),
    )
    journal = Journal(max_bytes=journal_bytes, log=log)
    return MockServer(Repertoire(scenario, offers), settings, journal, host=host, port=port)


class MockServer:
    """A running server. Get one from ``serve``."""

    def __init__(
        self,
        repertoire: Repertoire,
        settings: Settings,
        journal: Journal,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        sessions: SessionFactory = session_for,
    ) -> None:
        self._reception = Reception(repertoire, settings, journal, sessions=sessions)
        self._listener = Listener(
            host=host,
            port=port,
            accept=self._reception.accept,
            farewell=self._reception.farewell,
            failed=self._reception.crashed,
        )
        self._host = url_host(host)
        self._before_play = 0
        """How many had connected when what is to be played now was chosen."""

    # ---- where it is

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._listener.port

    @property
    def url(self) -> str:
        """The endpoint to give to a client: ``http://127.0.0.1:8765``."""
        return f"http://{self._host}:{self.port}"

    @property
    def ws_url(self) -> str:
        """The same as a WebSocket URL: ``ws://127.0.0.1:8765``."""
        return f"ws://{self._host}:{self.port}"

    @property
    def running(self) -> bool:
        """False once it has been stopped."""
        return self._listener.running

    # ---- what it does

    def play(self, scenario: Playable, *, name: str | None = None) -> None:
        """Play this on the connections that come from now on: on those that ask for nothing, or for that ``name``.

        Raises ScenarioError at once when it is wrong.
        """
        self._reception.repertoire.play(scenario, name=name)
        if name is None:
            self._before_play = self._reception.begun

    @property
    def journal(self) -> Journal:
        """What was said on every connection."""
        return self._reception.journal

    @property
    def scripts(self) -> list[Script]:
        """The script of each connection, in order; of very many, the latest thousand."""
        return [played.script for played in self.played]

    @property
    def played(self) -> list[Played]:
        """The same with the numbers that the connections have in the journal."""
        return list(self._reception.played)

    @property
    def crashes(self) -> list[BaseException]:
        """What failed inside the server, or in a script; the client was only told ``internal error``."""
        return self._reception.crashes

    def problems(self) -> list[str]:
        """What a test should fail with: crashes, turns not answered or not played, unmet ``expect``."""
        problems = [f"the server failed: {type(error).__name__}: {error}" for error in self.crashes]
        for played in self.played:
            found = problems_of(played.script)
            if isinstance(played.script, Director):
                found += check(played.script.scenario.expect, self.journal.entries(played.connection))
            problems += [f"connection {played.connection}: {problem}" for problem in found]
        return problems + self._never_begun()

    def _never_begun(self) -> list[str]:
        """What a scenario misses when nobody came to play it."""
        script = self._reception.repertoire.script(None)
        if self._reception.begun > self._before_play or not isinstance(script, Director):
            return []
        missed = problems_of(script) + check(script.scenario.expect, [])
        return [f"nobody connected to play {script.scenario.name!r}: {problem}" for problem in missed]

    # ---- how it ends

    def stop(self) -> None:
        """Close all connections with 1001 and end the thread, within half a second. Safe to call again."""
        self._listener.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leaves an asyncio loop free meanwhile, so that clients in it can answer the goodbye."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.stop()
            return
        stopped = asyncio.Event()
        self._listener.stop_soon(lambda: loop.call_soon_threadsafe(stopped.set))
        await stopped.wait()
        self.stop()
