"""``vlclient smoke``: from what was chosen to an outcome."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from vlclient.chat.endings import exit_code, sentence
from vlclient.chat.options import ChatOptions, Counterpart, session_settings
from vlclient.chat.sign_in import prepare_azure_identity
from vlclient.connecting import connect
from vlclient.endpoint import shown
from vlclient.environment import read_settings
from vlclient.errors import ConfigurationError
from vlclient.latency import Latency
from vlclient.log import WireLog
from vlclient.recorder import Recorder
from vlclient.session import Session
from vlclient.smoke.conversation import Conversation, Unanswered
from vlclient.smoke.outcome import BUDGETS, INTERRUPTED, TOO_SLOW, WRONG_ANSWER, Outcome, Step, Verdict, Wrong
from vlclient.stopping import end_when_told_to

__all__ = ["STEPS", "Smoke", "converse", "run_smoke"]

_INSTRUCTIONS: Final = "You are a friendly assistant. Answer in one short sentence, unless you are asked for more."

STEPS: Final = ("connect", "set up", "typed turn", "spoken turn", "tool", "cancel", "close")
_OF_MODELS: Final = ("tool",)
"""Agents have tools of their own."""
_BUDGETED: Final[Mapping[str, tuple[str, ...]]] = {
    "connect": ("connect",),
    "set up": ("update",),
    "typed turn": ("first_text", "first_audio"),
    "spoken turn": ("transcript", "first_text", "first_audio"),
    "tool": ("tool_answer",),
    "cancel": ("cancelled",),
    "close": ("close", "total"),
}
"""Which budgets each step can spend."""


class Smoke(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen."""

    options: ChatOptions
    budgets: Mapping[str, float] = msgspec.field(default_factory=lambda: dict(BUDGETS))
    patience_s: float = 15.0
    """How long an answer may take before it counts as one that never came."""


def run_smoke(smoke: Smoke, *, told: Callable[[Step], object] = lambda step: None) -> Outcome:
    """Have the conversation; ``told`` hears of each step as soon as it is over. Whatever goes wrong is in the outcome,
    but ConfigurationError for what was chosen."""
    prepare_azure_identity()
    outcome = _begun(smoke)
    try:
        asyncio.run(_stoppable(smoke, outcome, told))
    except (KeyboardInterrupt, asyncio.CancelledError):
        outcome.ended(INTERRUPTED)
    return outcome


async def _stoppable(smoke: Smoke, outcome: Outcome, told: Callable[[Step], object]) -> None:
    end_when_told_to()
    await converse(smoke, outcome, told=told)


async def converse(
    smoke: Smoke, outcome: Outcome | None = None, *, told: Callable[[Step], object] = lambda step: None
) -> Outcome:
    """The same, in a loop that runs. ``outcome``: to be filled."""
    outcome = outcome or _begun(smoke)
    settings = read_settings(os.environ, folder=Path.cwd())
    await _Run(smoke, Counterpart.of(smoke.options, settings), outcome, told).all_steps()
    return outcome


def _begun(smoke: Smoke) -> Outcome:
    settings = read_settings(os.environ, folder=Path.cwd())
    endpoint = smoke.options.endpoint or settings.endpoint
    if endpoint is None:
        raise settings.missing("endpoint")
    return Outcome(
        at=datetime.now(UTC).isoformat(timespec="seconds"), endpoint=shown(endpoint), budgets=dict(smoke.budgets)
    )


class _Run:
    """One run, step by step, into its outcome."""

    def __init__(self, smoke: Smoke, who: Counterpart, outcome: Outcome, told: Callable[[Step], object]) -> None:
        self._smoke, self._who, self._outcome, self._told = smoke, who, outcome, told
        self._latency = Latency()
        self._talk: Conversation | None = None
        self._began = time.monotonic()
        self._most_s = max(smoke.budgets.get("total", 0.0), BUDGETS["total"])
        self._deadline = asyncio.timeout(self._most_s)
        """A model may call functions for ever."""

    async def all_steps(self) -> None:
        outcome, options = self._outcome, self._smoke.options
        async with AsyncExitStack() as stack:
            recorder = log = None
            if options.record is not None:
                recorder = Recorder(options.record, redact=options.redact, redact_audio=options.redact_audio)
                stack.callback(recorder.close)
            if options.log is not None:
                log = WireLog(options.log, redact=options.redact)
                stack.callback(log.close)
            try:
                async with self._deadline:
                    await self._converse(stack, self._connection(log, recorder))
            except (Wrong, Unanswered) as wrong:
                outcome.ended(WRONG_ANSWER, str(wrong))
            except Exception as error:
                if isinstance(error, ConfigurationError) and not outcome.steps:
                    raise
                late = self._deadline.expired()
                outcome.ended(TOO_SLOW if late else exit_code(error), self._stopped if late else sentence(error))
        self._sum_up()

    def _connection(self, log: WireLog | None, recorder: Recorder | None) -> connect:
        options = self._smoke.options
        return connect(
            options.endpoint,
            model=self._who.model,
            agent=self._who.agent,
            api_key=options.api_key,
            api_version=options.api_version,
            profile=options.profile,
            open_timeout_s=self._smoke.patience_s,
            update_timeout_s=self._smoke.patience_s,
            log=log,
            record=recorder,
            latency=self._latency,
        )

    async def _converse(self, stack: AsyncExitStack, connection: connect) -> None:
        session: Session | None = None

        async def connecting() -> str:
            nonlocal session
            session = await stack.enter_async_context(connection)
            self._outcome.measured["connect"] = time.monotonic() - self._began
            self._talk = Conversation(
                session, self._latency, patience_s=self._smoke.patience_s, is_agent=self._who.is_agent
            )
            self._outcome.model = await self._talk.begins()
            self._outcome.session_id = self._talk.judge.session_id
            nameless = "an agent" if self._who.is_agent else "a model that is not named"
            return f"{self._outcome.session_id}, {self._outcome.model or nameless}"

        await self._step("connect", connecting)
        assert session is not None
        assert self._talk is not None
        talk, settings = self._talk, self._settings()
        await self._step("set up", lambda: talk.is_set_up(settings))
        await self._step("typed turn", talk.answers_what_is_typed)
        await self._step("spoken turn", talk.answers_what_is_spoken)
        await self._step("tool", talk.calls_a_function)
        await self._step("cancel", talk.can_be_cancelled)
        await self._step("close", lambda: self._close(talk, session))

    def _settings(self) -> dict[str, object]:
        options = self._smoke.options
        if not self._who.is_agent:
            options = msgspec.structs.replace(options, instructions=_INSTRUCTIONS)
        return session_settings(options, model=self._outcome.model, is_agent=self._who.is_agent)

    async def _close(self, talk: Conversation, session: Session) -> str:
        await talk.nothing_follows()
        began = time.monotonic()
        await session.close()
        self._outcome.measured["close"] = time.monotonic() - began
        self._outcome.measured["total"] = time.monotonic() - self._began
        if session.close_code != 1000:
            raise Wrong(f"the goodbye with 1000 was answered with {session.close_code}")
        return "1000"

    async def _step(self, name: str, body: Callable[[], Awaitable[str]]) -> None:
        """Try it, and tell. What was wrong is raised again where nothing more can be tried after it."""
        step = Step(name=name)
        if self._who.is_agent and name in _OF_MODELS:
            step.verdict, step.seen = Verdict.SKIPPED, "an agent has tools of its own"
            self._tell(step)
            return
        began = time.monotonic()
        try:
            step.seen = await body()
        except Exception as error:
            step.verdict = Verdict.WRONG
            said = str(error) if isinstance(error, Wrong | Unanswered) else sentence(error)
            step.findings = (said,)
            raise
        except asyncio.CancelledError:
            if self._deadline.expired():
                step.verdict, step.findings = Verdict.SLOW, (self._stopped,)
            else:
                step.verdict, step.seen = Verdict.SKIPPED, "stopped"
            raise
        finally:
            step.seconds = time.monotonic() - began
            self._judge(step)
            self._tell(step)

    def _judge(self, step: Step) -> None:
        """What else was wrong in it, or took too long."""
        outcome = self._outcome
        if self._talk is not None:
            step.findings += self._talk.judge.findings()
            outcome.measured.update(self._talk.measured)
        if step.findings and step.verdict is not Verdict.SLOW:
            step.verdict = Verdict.WRONG
        if step.verdict is not Verdict.OK:
            return
        over = [
            f"{name} took {outcome.measured[name]:.2f} s, more than {outcome.budgets[name]:g} s"
            for name in _BUDGETED[step.name]
            if outcome.measured.get(name, 0.0) > outcome.budgets[name]
        ]
        if over:
            step.verdict, step.findings = Verdict.SLOW, tuple(over)

    @property
    def _stopped(self) -> str:
        return f"it had not come to an end after {self._most_s:g} s, and was stopped"

    def _tell(self, step: Step) -> None:
        self._outcome.steps.append(step)
        self._told(step)

    def _sum_up(self) -> None:
        """What nobody has tried, and the worst of what was found."""
        outcome = self._outcome
        tried = {step.name for step in outcome.steps}
        for name in STEPS:
            if name not in tried:
                self._tell(Step(name=name, verdict=Verdict.SKIPPED, seen="not tried"))
        if outcome.exit_code:
            return
        for verdict, code in ((Verdict.WRONG, WRONG_ANSWER), (Verdict.SLOW, TOO_SLOW)):
            found = [finding for step in outcome.steps if step.verdict is verdict for finding in step.findings]
            if found:
                outcome.ended(code, found[0])
                return
