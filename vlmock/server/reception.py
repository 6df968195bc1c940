"""Who a server lets in, what they get, and who is there: everything that the connections of one server share."""

import asyncio
import contextlib
import importlib
import logging
import math
import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec
from websockets.http11 import Request, Response

from vlmock.errors import VlmockError
from vlmock.hearing.detectors import DEFAULT as DEFAULT_DETECTOR
from vlmock.hearing.detectors import ChosenDetector, detector_named
from vlmock.protocol.codec import decode_client
from vlmock.scenario.director import Director
from vlmock.scenario.speech import SpeechStudio
from vlmock.server.bounds import Limits, ReadBuffer
from vlmock.server.clock import Clock, ClockHand, SystemClock
from vlmock.server.connection import Begun, Connection, Conversation, Decoder
from vlmock.server.dialects import Dialect
from vlmock.server.handshake import Admitted, CredentialKind, Policy, Refused, admit, fingerprint
from vlmock.server.hearing_worker import Ears
from vlmock.server.identity import LEGACY_AUDIENCE, Entra
from vlmock.server.journal import Facts, Journal, TurnedAway
from vlmock.server.light_transport import LightTransport
from vlmock.server.pages import page, refusal, wants_upgrade
from vlmock.server.quota import Quota
from vlmock.server.ready_frames import ReadyRuns
from vlmock.server.repertoire import Repertoire
from vlmock.server.speech_worker import Speaker, Workers
from vlmock.server.transport import Transport
from vlmock.session.allowance import Allowance
from vlmock.session.avatar.pool import AvatarPool
from vlmock.session.configuration.brain import Brain
from vlmock.session.conversation.agents import Conversations
from vlmock.session.ids import IdFactory
from vlmock.session.listening.turn_detector import DetectorFactory
from vlmock.session.machine import Session
from vlmock.session.readings import Readings, parse_readings
from vlmock.session.script import Script
from vlmock.session.timing import Timing

if TYPE_CHECKING:
    from vlmock.recording.replay.conversation import Replay
    from vlmock.server.replays import Replays

__all__ = ["Circumstances", "Played", "Reception", "Replayed", "SessionFactory", "Settings", "session_for"]

_SEED_STRIDE: Final = 1_000_003
_FAREWELL_SECONDS: Final = 0.2
_PLAYED_REMEMBERED: Final = 1000
_TOKENS_END: Final = {"revoked": Entra.revoke, "expired": Entra.expire}
"""What a scenario may do to the tokens with which its client could come back."""

_log = logging.getLogger("vlmock")

TimingProfile: TypeAlias = str | Mapping[str, object]


class Settings(msgspec.Struct, frozen=True):
    """How a server behaves; ``vlmock.server.mock_server.serve`` explains each."""

    timing: TimingProfile = "instant"
    seed: int = 0
    api_key: str | None = None
    speech: str = "builtin"
    detector: str = DEFAULT_DETECTOR
    recognition: str = "scripted"
    readings: Mapping[str, object] = msgspec.field(default_factory=dict)
    connections_per_minute: int | None = None
    tokens_per_minute: int | None = None
    lenient: bool = False
    compression: bool = False
    limits: Limits = msgspec.field(default_factory=Limits)
    tls: bool = False
    light: bool = True
    """Take plain text frames past the library; False is the reference that it is tested against."""


class Played(msgspec.Struct, frozen=True):
    """One connection and the script that it was answered from."""

    connection: int
    script: Script


class Replayed(msgspec.Struct, frozen=True):
    """One connection and the recording that was played to it."""

    connection: int
    replay: "Replay"


class Circumstances(msgspec.Struct, frozen=True):
    """All that a session is made of."""

    admitted: Admitted
    script: Script
    number: int
    timing: TimingProfile | Timing
    seed: int
    readings: Readings
    lenient: bool
    detector: DetectorFactory
    started: float
    unix_time: float
    tokens: Allowance | None = None
    conversations: Conversations | None = None
    avatars: AvatarPool | None = None
    avatar_trouble: str | None = None
    listens: bool = False
    """Whether somebody says what is spoken."""


SessionFactory: TypeAlias = Callable[[Circumstances], Conversation]


def session_for(circumstances: Circumstances) -> Conversation:
    """A session as the service would open it, in the dialect that the client dialled."""
    session = _session(circumstances)
    if circumstances.admitted.dialect is Dialect.OPENAI_BETA:
        from vlmock.server.beta_conversation import BetaConversation

        return BetaConversation(session)
    return session


def _session(circumstances: Circumstances) -> Session:
    admitted = circumstances.admitted
    seed = circumstances.seed * _SEED_STRIDE + circumstances.number
    timing = circumstances.timing
    return Session(
        brain=Brain(
            admitted.model,
            admitted.api_version,
            profile=admitted.profile,
            any_deployment=admitted.dialect is Dialect.OPENAI_BETA,
            agent=admitted.agent,
            by_key=admitted.credential is CredentialKind.KEY,
            by_legacy_token=admitted.audience == LEGACY_AUDIENCE,
        ),
        script=circumstances.script,
        ids=IdFactory(seed),
        timing=timing if isinstance(timing, Timing) else Timing(timing, random.Random(seed).random),
        unix_time=circumstances.unix_time,
        readings=circumstances.readings,
        lenient=circumstances.lenient,
        detector=circumstances.detector,
        started=circumstances.started,
        tokens=circumstances.tokens,
        conversations=circumstances.conversations,
        avatars=circumstances.avatars,
        avatar_trouble=circumstances.avatar_trouble,
        listens=circumstances.listens,
    )


class Reception:
    """The ``House`` of a server's connections. What is for other threads, too, says so."""

    def __init__(
        self,
        repertoire: Repertoire,
        settings: Settings,
        journal: Journal,
        *,
        sessions: SessionFactory = session_for,
        clock: Clock | None = None,
    ) -> None:
        """Raises SpeechError, DetectorError or RecognitionError when what speaks or listens cannot be had, ValueError
        for an unknown timing or reading, or a quota that nothing fits into."""
        Timing(settings.timing)  # complains now, not at the first connection
        detector_named(settings.detector)
        parse_readings(settings.readings)
        self.clock = clock or SystemClock()
        self.journal = journal
        self.repertoire = repertoire
        self.crashes: list[BaseException] = []
        """What failed on our side, or in a script, and nobody else could be told."""
        self.played: deque[Played] = deque(maxlen=_PLAYED_REMEMBERED)
        self.replayed: deque[Replayed] = deque(maxlen=_PLAYED_REMEMBERED)
        self.begun = 0
        """How many sessions were begun."""
        self._settings = settings
        self._sessions = sessions
        self._policy = Policy(
            settings.api_key,
            scenarios=repertoire,
            any_version=lambda scenario: repertoire.replays(scenario) is not None,
        )
        self._quota = Quota(
            connections_per_minute=settings.connections_per_minute, tokens_per_minute=settings.tokens_per_minute
        )
        self.entra: Entra | None = None
        """Who hands out tokens, if anybody does."""
        self._conversations = Conversations()
        self._avatars = AvatarPool()
        self._buffer = ReadBuffer()
        self._runs = ReadyRuns()
        self._workers = Workers("speech")
        self._ears = Ears(settings.recognition)
        self._speakers = {settings.speech: Speaker(SpeechStudio(engine=settings.speech), self._workers)}
        self._refused_credential = 0
        """The fingerprint of the credential that was refused last with 401."""
        self._connections: set[Connection] = set()
        self._all_left: asyncio.Event | None = None
        self._warm = False

    def accept(self) -> Transport:
        """The protocol for a new connection."""
        settings = self._settings
        if settings.light and not settings.compression:
            return LightTransport(self._welcome, limits=settings.limits, buffer=self._buffer, runs=self._runs)
        return Transport(self._welcome, limits=settings.limits, buffer=self._buffer, compression=settings.compression)

    def demand_tokens_of(self, entra: Entra) -> None:
        """From now on no other tokens are good. From any thread."""
        self._policy = msgspec.structs.replace(self._policy, judge=entra.judge)
        self.entra = entra

    def let_pass(self, seconds: float) -> None:
        """Set the clock forward, from one thing that is due to the next. In the loop."""
        end = self.clock.now() + seconds
        while True:
            earliest = min((connection.due for connection in self._connections), default=math.inf)
            self.clock.set_forward(max(0.0, min(earliest, end) - self.clock.now()))
            if earliest > end:
                return
            for connection in tuple(self._connections):
                if connection.due <= self.clock.now():
                    connection.time_has_passed()

    async def farewell(self) -> None:
        """End every conversation, and soon after every connection and thread."""
        self._all_left = asyncio.Event()
        for connection in tuple(self._connections):
            connection.leave(1001, "the server is stopping")
        if self._connections:
            await self._wait_for_all_to_leave()
            for connection in tuple(self._connections):
                connection.drop()
        if self._connections:  # dropped, but not gone before their transports have closed their sockets
            await self._wait_for_all_to_leave()
        self._ears.stop(_FAREWELL_SECONDS)
        self._workers.stop(_FAREWELL_SECONDS)

    def crashed(self, error: BaseException) -> None:
        self.crashes.append(error)
        if isinstance(error, VlmockError):
            _log.error("%s", error)
        else:
            _log.error("a session failed", exc_info=error)

    # ---- what connections ask for

    def answer(self, request: Request) -> Response | Admitted:
        if not wants_upgrade(request):
            return page(request, self.journal, ClockHand(self.clock, self.let_pass), self.entra)
        answer = self._answer_handshake(request)
        if isinstance(answer, Response):
            self.journal.record_refusal(request, answer, self.clock.unix_time(), encrypted=self._settings.tls)
        return answer

    def _answer_handshake(self, request: Request) -> Response | Admitted:
        outcome = admit(request.path, request.headers.raw_items(), policy=self._policy)
        if isinstance(outcome, Admitted):
            outcome = self._quota.admit(self.clock.now()) or outcome
        if isinstance(outcome, Refused):
            self._note_turned_away(outcome, fingerprint(request.path, request.headers.raw_items()))
            if (replays := self.repertoire.replays(None)) is not None and (recorded := replays.refusal()) is not None:
                return recorded
            _log.warning("refused with %d: %s", outcome.status, outcome.message)
            return refusal(outcome)
        replays = self.repertoire.replays(outcome.scenario)
        return (replays.turn_away() if replays is not None else None) or outcome

    def _note_turned_away(self, refused: Refused, credential: int) -> None:
        same = credential != 0 and credential == self._refused_credential
        self._refused_credential = credential if refused.status == 401 else 0
        self.journal.turned_away.append(TurnedAway(refused.status, refused.message, self.clock.unix_time(), same))

    def begin(self, admitted: Admitted, target: str, now: float) -> Begun:
        replays = self.repertoire.replays(admitted.scenario)
        if replays is not None:
            return self._begin_replay(replays, admitted, target, now)
        return self._begin_session(admitted, target, now)

    def _begin_session(self, admitted: Admitted, target: str, now: float) -> Begun:
        script = self.repertoire.script(admitted.scenario)
        scenario = script.scenario if isinstance(script, Director) else None
        speaker = self._speaker(scenario.speech if scenario is not None else None)
        ear = self._ears.for_scenario(scenario) if scenario is not None else None
        self.begun += 1
        own, unix_time = getattr(scenario, "name", type(script).__name__), self.clock.unix_time()
        facts = _facts(admitted, target, own, unix_time, tls=self._settings.tls)
        journal = self.journal.open_connection(facts, now)
        self.played.append(Played(journal.number, script))
        circumstances = Circumstances(
            admitted=admitted,
            script=script,
            number=journal.number,
            timing=self._settings.timing if scenario is None or scenario.timing is None else scenario.timing,
            seed=self._settings.seed if scenario is None or scenario.seed is None else scenario.seed,
            detector=self._detector(scenario.detector if scenario is not None else None).make,
            readings=parse_readings({**self._settings.readings, **(scenario.readings if scenario is not None else {})}),
            lenient=self._settings.lenient,
            started=now,
            unix_time=unix_time,
            tokens=self._quota.tokens,
            conversations=self._conversations,
            avatars=self._avatars,
            avatar_trouble=scenario.avatar if scenario is not None else None,
            listens=ear is not None,
        )
        if self.entra is not None and scenario is not None and scenario.tokens is not None:
            _TOKENS_END[scenario.tokens](self.entra)
        if not self._warm:
            self._warm = True
            asyncio.get_running_loop().call_soon(self._warm_up)
        try:
            conversation = self._sessions(circumstances)
            return Begun(conversation, journal, speaker, _decoder(admitted.dialect), ear)
        except Exception:
            journal.note_end(1011, "internal error", "server", now)
            raise

    def _begin_replay(self, replays: "Replays", admitted: Admitted, target: str, now: float) -> Begun:
        replay = replays.begin(target, _decoder(admitted.dialect))
        self.begun += 1
        unix_time = self.clock.unix_time()
        facts = _facts(admitted, target, replay.name, unix_time, tls=self._settings.tls)
        facts = msgspec.structs.replace(facts, recorded=True, recorded_at=replay.began)
        journal = self.journal.open_connection(facts, now)
        self.replayed.append(Replayed(journal.number, replay))
        return Begun(replay, journal, self._speaker(None), replay.decode)

    def joined(self, connection: Connection) -> None:
        self._connections.add(connection)

    def left(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections and self._all_left is not None:
            self._all_left.set()

    # ---- behind the desk

    def _welcome(self, transport: Transport) -> Connection:
        return Connection(transport, self)

    async def _wait_for_all_to_leave(self) -> None:
        assert self._all_left is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all_left.wait(), _FAREWELL_SECONDS)

    def _speaker(self, engine: str | None) -> Speaker:
        engine = engine or self._settings.speech
        if engine not in self._speakers:
            self._speakers[engine] = Speaker(SpeechStudio(engine=engine), self._workers)
        return self._speakers[engine]

    def _detector(self, name: str | None) -> ChosenDetector:
        detector = detector_named(name or self._settings.detector)
        if detector.prepare is not None:
            self._workers.do(detector.prepare)  # or the first sound would wait for it, and everybody else as well
        return detector

    def _warm_up(self) -> None:
        """The first sound would wait for numpy's import, and everybody else with it."""
        self._workers.do(lambda: importlib.import_module("numpy"))


def _decoder(dialect: Dialect) -> Decoder:
    """What reads the client's events."""
    if dialect is Dialect.OPENAI_BETA:
        from vlmock.protocol.openai_beta import decode_beta

        return decode_beta
    return decode_client


def _facts(admitted: Admitted, target: str, own: str, unix_time: float, *, tls: bool) -> Facts:
    """``own``: the name of what the server plays by itself."""
    return Facts(
        path=target,
        model=admitted.model,
        api_version=admitted.api_version,
        scenario=admitted.scenario or own,
        user_agent=admitted.user_agent,
        host=admitted.host,
        credential=admitted.credential.value,
        opened=unix_time,
        encrypted=tls,
        dialect=admitted.dialect.value,
    )
