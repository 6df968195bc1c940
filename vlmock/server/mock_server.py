"""A server for tests, in a thread and loop of its own: tests may be sync or async, and agents may block."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from vlmock.errors import NotAsRecorded, ServerError
from vlmock.recording.model import Recording
from vlmock.scenario.director import Director
from vlmock.scenario.expectations import check
from vlmock.scenario.playable import Playable, problems_of
from vlmock.scenario.standstill import standstill
from vlmock.server.bounds import MAX_MESSAGE_BYTES, Limits
from vlmock.server.clock import ClockHand
from vlmock.server.identity import TOKEN_LIFETIME_S, Entra
from vlmock.server.journal import Journal
from vlmock.server.journal_entry import Entry
from vlmock.server.local_server import LocalServer
from vlmock.server.reception import Played, Reception, Replayed, SessionFactory, Settings, TimingProfile, session_for
from vlmock.server.repertoire import Repertoire
from vlmock.session.effects import Remark
from vlmock.session.script import Script

if TYPE_CHECKING:
    from vlmock.recording.replay.conversation import Replay
    from vlmock.recording.replay.manner import OnUnexpected, Timing, Trailing
    from vlmock.server.conduct import ServerConduct
    from vlmock.server.metrics import ServerMetrics
    from vlmock.server.recording_thread import RecordingThread
    from vlmock.server.replays import Replayable, Replays

__all__ = ["MockServer", "serve"]

_REMEDY: Final = (
    "If the client is right, record it anew. To judge it yourself, ask server.problems() before the end of the block, "
    "or replay with on_unexpected='ignore'."
)


def serve(
    scenario: Playable | Recording = None,
    *,
    replay: "Replayable | None" = None,
    offers: Mapping[str, Playable] | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    timing: TimingProfile = "instant",
    seed: int = 0,
    api_key: str | None = None,
    speech: str = "builtin",
    detector: str = "level",
    recognition: str = "scripted",
    readings: Mapping[str, object] | None = None,
    connections_per_minute: int | None = None,
    tokens_per_minute: int | None = None,
    lenient: bool = False,
    compression: bool = False,
    tls: bool = False,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
    ping_seconds: float | None = None,
    journal_bytes: int = 256 * 1024 * 1024,
    log: Callable[[Entry], None] | None = None,
    record: str | Path | None = None,
    redact: Iterable[str] = (),
    redact_audio: bool = False,
) -> "MockServer":
    """Start a server; leave it with ``stop()``, or use it in ``with`` or ``async with``.

    ``scenario``: the name of a shipped one, a path, a ``Scenario``, a function, a ``Script`` class; None answers
    anybody sensibly. ``replay``: instead of it a recording, to be used up, as ``MockServer.replay`` plays it: what the
    client does otherwise is in ``problems()``, and raised at the end of the block where nobody has asked for them; a
    ``Recording`` as ``scenario`` is the same. ``offers``: more of them, by the names that clients ask for
    (``http://127.0.0.1:8765/NAME``); the shipped ones need not be offered. ``port``: 0 is any free one. ``timing``:
    ``instant``, ``cascade``, ``hybrid``, ``native``, ``agent``, ``pipeline`` (the session's own), or milliseconds by
    segment. ``seed`` makes ids and timing. ``api_key``: the only good credential; None lets in any that is not empty.
    ``speech``: ``builtin``, ``flite`` or ``espeak-ng``. ``detector``: what finds speech in the client's audio, its
    ``level`` or, for noisy rooms, ``silero`` (the extra ``vad``). ``recognition``: who says what was spoken,
    ``scripted`` (the scenario, in its order) or ``pocketsphinx`` (the extra ``recognition``, which listens for the
    scenario's sentences). ``readings``: where sources disagree about the service, which to follow
    (``vlmock.session.readings``), such as ``{"update": "replace"}``. What a scenario says about these goes first.
    ``lenient``: where the service would refuse a setting or an item, obey as far as possible and say so in
    ``journal.remarks()``. ``connections_per_minute``, ``tokens_per_minute``: beyond them HTTP 429 with
    ``Retry-After``, and failed responses; None is no limit. ``compression``: agree to permessage-deflate. ``tls``:
    serve https and wss, with a certificate that clients in this process, and in those that it starts, trust until the
    end. ``max_message_bytes``: longer messages close the connection with 1009. ``ping_seconds``: ping clients so often,
    and note who does not answer; None does not. ``journal_bytes``: about what the journal may keep. ``log``: is given
    every journal entry, in the server's thread. ``record``: a folder, or a zip file, where every connection is written
    down as it goes; secrets are ``***``, so is what the regular expressions ``redact`` match, and ``redact_audio``
    keeps no voices, only their timing and loudness.

    Raises ServerError when the address cannot be had, ``tls`` lacks trustme or ``api_key`` is empty, ScenarioError
    when a scenario is wrong, RecordingError when a recording is, or when nothing can be recorded there, SpeechError,
    DetectorError or RecognitionError when what speaks or listens is not there, ValueError when there is no such timing
    or reading, a limit is below 1, ``redact`` is no regular expression, or a recording is given what is for scenarios.
    """
    recorded = scenario if isinstance(scenario, Recording) else replay
    if recorded is not None and timing != "instant" and not offers:
        raise ValueError("timing is that of scenarios; a recording's own is given to server.replay(…, timing=…)")
    if scenario is not None and replay is not None:
        raise ValueError(
            "only one is played to everybody: leave out scenario or replay, or offer it by a name (offers)"
        )
    settings = Settings(
        timing=timing,
        seed=seed,
        api_key=_demanded(api_key),
        speech=speech,
        detector=detector,
        recognition=recognition,
        readings=readings or {},
        connections_per_minute=connections_per_minute,
        tokens_per_minute=tokens_per_minute,
        lenient=lenient,
        compression=compression,
        tls=tls,
        limits=Limits(message_bytes=max_message_bytes, ping_seconds=ping_seconds),
    )
    repertoire = Repertoire(None if isinstance(scenario, Recording) else scenario, offers)
    if recorded is not None:
        repertoire.replay(_replays(recorded))
    journal = Journal(max_bytes=journal_bytes, log=log)
    if record is not None:
        journal.recordings = _recordings(record, redact, redact_audio)
    try:
        return MockServer(repertoire, settings, journal, host=host, port=port)
    except BaseException:
        if journal.recordings is not None:
            journal.recordings.stop()
        raise


def _demanded(api_key: str | None) -> str | None:
    """Bare, as those are with which it is compared."""
    if api_key is None:
        return None
    if not api_key.strip():
        raise ServerError("the key that is demanded is empty; without api_key, or --api-key, any credential is good")
    return api_key.strip()


class MockServer(LocalServer):
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
        if journal.recordings is not None:
            journal.recordings.failed = self._reception.crashed
        self.clock = ClockHand(self._reception.clock, self._let_pass)
        """Sets this server's time forward: ``server.clock.advance(3600)``."""
        super().__init__(
            host=host,
            port=port,
            tls=settings.tls,
            accept=self._reception.accept,
            farewell=self._reception.farewell,
            failed=self._reception.crashed,
        )
        self._takes_no_time = settings.timing == "instant"
        self._before_play = 0
        """How many had connected when what is to be played now was chosen."""
        self.problems_were_asked = False
        """Somebody judges them: the end of a block has nothing to tell."""
        self.conduct_was_asked = False
        """Somebody is interested in it."""
        self.metrics_were_asked = False
        """Likewise."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a client in another process needs, for its certificate and its tokens. Those that this
        process starts have them already."""
        return super().environment | (self._reception.entra.environment if self._reception.entra else {})

    def stop(self) -> None:
        """As of every server of ours; and what is recorded is written to the end, however long the disk takes. Raises
        RecordingError when a zip file cannot be made of it."""
        super().stop()
        if self.journal.recordings is not None:
            self.journal.recordings.stop()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raises NotAsRecorded where a client did otherwise than the recording that it was played, and nobody has asked
        for ``problems``. To an error that is on its way it is only added."""
        super().__exit__(exc_type, exc, traceback)
        self._tell_of_replays(exc)

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """The same for asyncio, whose loop stays free meanwhile."""
        await super().__aexit__(exc_type, exc, traceback)
        self._tell_of_replays(exc)

    def _tell_of_replays(self, error: BaseException | None) -> None:
        if self.problems_were_asked or not (self._reception.repertoire.all_replays or self._reception.replayed):
            return
        problems = "\n".join(self.problems())
        if problems and error is not None:
            error.add_note(f"vlmock has seen:\n{problems}")
        elif problems:
            raise NotAsRecorded(f"{problems}\n{_REMEDY}")

    # ---- what it does

    def play(self, scenario: Playable | Recording, *, name: str | None = None) -> None:
        """Play this on the connections that come from now on: on those that ask for nothing, or for that ``name``.

        Raises ScenarioError at once when it is wrong.
        """
        if isinstance(scenario, Recording):
            self.replay(scenario, name=name)
            return
        self._reception.repertoire.play(scenario, name=name)
        if name is None:
            self._before_play = self._reception.begun

    def replay(
        self,
        recorded: "Replayable",
        *,
        timing: "Timing | str" = "instant",
        on_unexpected: "OnUnexpected" = "tolerant",
        trailing: "Trailing" = "report",
        repeat: bool = False,
        name: str | None = None,
    ) -> None:
        """Play what was recorded on the connections that come from now on, held back by what the client does.

        ``recorded``: a folder or file, or recordings; several are played one to each connection, in order. ``timing``:
        ``instant``, ``recorded``, or a factor (0.5: twice as fast). ``on_unexpected``: a client that does otherwise
        than the recorded one ends with an error and close 1008 (``strict``), goes on and is a problem in the end
        (``tolerant``), or is only in ``journal.remarks()`` (``ignore``); who says more when all has been played is hung
        up on in any case. ``trailing``: whether what the client did after the last complete answer has to come as well
        (``report``) or not (``ignore``). ``repeat``: begin again when all have been played, and demand no use of any;
        otherwise a connection too many gets HTTP 409. ``name``: for those that ask for it.

        What differs is in ``problems()`` and in ``replays``; the pytest plugin fails the test with it, and a ``with``
        block of the server ends with it (NotAsRecorded) where nobody has asked. Raises RecordingError
        when there is nothing to be played or something in it is wrong, ValueError when there is no such timing or rule.
        """
        self.hand_out(_replays(recorded, timing, on_unexpected, trailing, repeat=repeat), name=name)

    def hand_out(self, replays: "Replays", *, name: str | None = None) -> None:
        """Play these as ``replay`` does: for those who have to say more about the manner."""
        self._reception.repertoire.replay(replays, name=name)

    @property
    def replays(self) -> "list[Replay]":
        """The recording of each connection that one was played to, with what its client did otherwise."""
        return [replayed.replay for replayed in self.replayed]

    @property
    def replayed(self) -> list[Replayed]:
        """The same with the numbers that the connections have in the journal; of very many, the latest thousand."""
        return list(self._reception.replayed)

    def entra(self, *, lifetime_s: float = TOKEN_LIFETIME_S) -> Entra:
        """Hand out tokens as a managed identity does, and from now on let in nobody with another one, or with a key.

        Until the server stops, azure-identity in this process, and in those that it starts, gets its tokens here: the
        environment names this server, and nothing else that could be asked. ``lifetime_s``: of tokens handed out from
        now on, in seconds. ``api_key`` of ``serve`` stays good where it was given. Called again, it gives the same.
        """
        entra = self._reception.entra
        if entra is None:
            entra = Entra(self.url, lifetime_s=lifetime_s, unix_time=self._reception.clock.unix_time)
            self._reception.demand_tokens_of(entra)
            self._surroundings.change(entra.surroundings(os.environ))
        entra.lifetime_s = lifetime_s
        return entra

    def _let_pass(self, seconds: float) -> None:
        self._listener.do(lambda: self._reception.let_pass(seconds))

    @property
    def journal(self) -> Journal:
        """What was said on every connection."""
        return self._reception.journal

    @property
    def conduct(self) -> "ServerConduct":
        """How the clients have behaved until now, judged when it is asked: ``assert not server.conduct.errors``."""
        self.conduct_was_asked = True
        from vlmock.server.conduct import ServerConduct

        return ServerConduct(self.journal, now=self._reception.clock.now, remark=self._remark)

    @property
    def metrics(self) -> "ServerMetrics":
        """How long users have waited until now, and how turns were taken, measured when it is asked:
        ``assert server.metrics.first_audio.p95 < 1.7``."""
        from vlmock.server.metrics import ServerMetrics

        self.metrics_were_asked = True
        return ServerMetrics(self.journal, remark=self._remark, notes=self._about_times())

    def _about_times(self) -> list[str]:
        paced = any(isinstance(script, Director) and script.scenario.timing for script in self.scripts)
        if not self._takes_no_time or paced:
            return []
        return ["timing is instant: the emulator takes no time, so only that of the client and of its tools is in this"]

    def _remark(self, remark: Remark, connection: int | None) -> None:
        now = self._reception.clock.now
        self._listener.do(lambda: self.journal.remark(remark, connection, now()))

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
        """What a test should fail with: crashes, turns not answered or not played, unmet ``expect``, and what clients
        did otherwise than in the recording that was played to them."""
        self.problems_were_asked = True
        problems = [f"the server failed: {type(error).__name__}: {error}" for error in self.crashes]
        for played in self.played:
            found = problems_of(played.script)
            if isinstance(played.script, Director):
                found = _judged(played.script, found, self.journal.entries(played.connection))
            problems += [f"connection {played.connection}: {problem}" for problem in found]
        for replayed in self.replayed:
            problems += [f"connection {replayed.connection}: {problem}" for problem in replayed.replay.problems()]
        for replays in self._reception.repertoire.all_replays:
            problems += replays.problems()
        return problems + self._never_begun()

    def _never_begun(self) -> list[str]:
        """What a scenario misses when nobody came to play it."""
        script = self._reception.repertoire.script(None)
        if self._reception.repertoire.replays(None) is not None:
            return []
        if self._reception.begun > self._before_play or not isinstance(script, Director):
            return []
        missed = problems_of(script) + check(script.scenario.expect, [])
        return [f"nobody connected to play {script.scenario.name!r}: {problem}" for problem in missed]


def _judged(script: Director, problems: list[str], entries: list[Entry]) -> list[str]:
    """With the reason why turns were not played, where it is plain to see, and with what was expected in vain."""
    if problems and script.unplayed() and not script.unmatched and (reason := standstill(entries)):
        problems[-1] += f"\n  {reason}"
    return problems + check(script.scenario.expect, entries)


def _recordings(path: str | Path, redact: Iterable[str], redact_audio: bool) -> "RecordingThread":
    """Imported late, because hardly anybody records."""
    from vlmock.protocol.recording.redaction import Redaction
    from vlmock.server.recording_thread import RecordingThread

    return RecordingThread(path, redaction=Redaction(redact), redact_audio=redact_audio)


def _replays(
    recorded: "Replayable",
    timing: "Timing | str" = "instant",
    on_unexpected: str = "tolerant",
    trailing: str = "report",
    *,
    repeat: bool = False,
) -> "Replays":
    """Whoever replays nothing does not wait for what replaying needs."""
    from vlmock.recording.replay.manner import manner
    from vlmock.server.replays import Replays

    return Replays(recorded, manner(timing, on_unexpected, trailing), repeat=repeat)
