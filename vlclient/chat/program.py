"""``vlclient chat``: one conversation, from opening the devices to the summary."""

import asyncio
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from vlclient.assistant import Assistant
from vlclient.audio.ports import Part
from vlclient.chat.display import Display, choose_display
from vlclient.chat.endings import OUR_FAULT, exit_code, sentence, the_error
from vlclient.chat.leaving import Leaving
from vlclient.chat.narration import Narration
from vlclient.chat.options import ChatOptions, Counterpart, greeting, session_settings
from vlclient.chat.sign_in import prepare_azure_identity
from vlclient.chat.sound import Ear, Mouth, level_db, open_ear, open_mouth
from vlclient.chat.streams import nobody_reads, only_our_words, showing_anything
from vlclient.chat.summary import summary_lines
from vlclient.chat.threads import ForgottenThreads
from vlclient.chat.tool_file import tools_in
from vlclient.chat.veil import Veil, VeiledDisplay, print_traceback, veil_of
from vlclient.connecting import connect
from vlclient.endpoint import shown
from vlclient.environment import read_settings
from vlclient.errors import ConfigurationError
from vlclient.latency import Latency
from vlclient.log import WireLog
from vlclient.recorder import Recorder
from vlclient.session import Session
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.secrets import without_secrets
from vlmock.protocol.wire import given

__all__ = ["run_chat"]

_TICK_S: Final = 0.1
_GOODBYE_S: Final = 5.0
"""So long the service may take to say goodbye; then the connection is dropped."""
_INTERRUPTED: Final = 130
"""What a shell calls a program that Ctrl-C has ended."""


def run_chat(chosen: Mapping[str, Any], *, debug: bool) -> int:
    """Have the conversation; ``chosen`` is what ``ChatOptions`` takes. Shows it on standard output, says what went
    wrong on standard error, and gives the exit code."""
    chat: _Chat | None = None
    veil: Veil = without_secrets
    showing_anything()
    try:
        with nullcontext() if debug else only_our_words():
            options = ChatOptions(**chosen)
            veil = _veil(options)
            chat = _Chat(options, veil)
            with _among_the_lines(chat.display, veil if debug else None):
                asyncio.run(chat.run())
    except BrokenPipeError:
        nobody_reads()
    except KeyboardInterrupt:  # before anything had begun
        pass
    except Exception as error:
        cause = the_error(error)
        if debug:
            print_traceback(cause, veil)
        reconnects = bool(chosen.get("reconnect"))
        words = sentence(cause, said_before=chat.reported if chat else None, reconnects=reconnects)
        code = exit_code(cause)
        if code == OUR_FAULT and not debug:
            words += ", with what it says when it is run again with --debug"
        print(f"vlclient: {veil(words)}", file=sys.stderr, flush=True)
        return code
    return 0


class _Chat:
    """One conversation. Raises what ended it, unless the user did."""

    def __init__(self, options: ChatOptions, veil: Veil) -> None:
        self._options = options
        self._veil = veil
        self._tools = tools_in(options.tools) if options.tools is not None else []
        prepare_azure_identity()
        settings = read_settings(os.environ, folder=Path.cwd())
        self._endpoint = options.endpoint or settings.endpoint or ""
        self._counterpart = Counterpart.of(options, settings)
        self._recorder, self._log = _recorder_and_log(options)
        self._latency = Latency()
        self.display: Display = VeiledDisplay(choose_display(plain=options.plain), veil)
        self._narration: Narration | None = None
        self._began = 0.0
        self._ear: Ear | None = None
        self._mouth: Mouth | None = None
        self._assistant_is_heard = asyncio.Event()
        self._turn_is_over = asyncio.Event()
        """The user has pressed Enter."""

    @property
    def reported(self) -> ErrorEvent | None:
        """The latest error that the service has reported."""
        return self._narration.error if self._narration is not None else None

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ForgottenThreads())
        self._began = loop.time()
        failure: BaseException | None = None
        try:
            with Leaving(impatient=self._drop_everything, entered=self._turn_is_over.set) as leaving:
                failure = await self._until_over(leaving.wanted)
        finally:
            self._close()
        if failure is not None:
            raise failure

    async def _until_over(self, wanted: asyncio.Event) -> BaseException | None:
        """What ended the conversation; None when it came to its end, or the user wanted to leave."""
        talking = asyncio.create_task(self._talk())
        leaving = asyncio.create_task(wanted.wait())
        await asyncio.wait((talking, leaving), return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        for _ in range(2):  # once for the goodbye, and once more for a network that is not there
            if not talking.done():
                talking.cancel()
                await asyncio.wait((talking,), timeout=_GOODBYE_S)
        failure = talking.exception() if talking.done() and not talking.cancelled() else None
        return None if wanted.is_set() else failure

    async def _talk(self) -> None:
        options = self._options
        async with AsyncExitStack() as stack:
            if self._log is not None:
                stack.callback(self._log.close)
            if self._recorder is not None:
                stack.callback(self._recorder.close)
            self._ear = ear = open_ear(options)  # before dialling: without a device there is no conversation
            stack.callback(ear.close)
            self._mouth = mouth = open_mouth(options)
            stack.callback(mouth.close)
            connection = self._connection(mouth)
            self.display.line("-", f"dialling {shown(self._endpoint)}")
            self.display.refresh()
            session = await stack.enter_async_context(connection)
            mouth.on_first_heard = self._first_heard
            settings = await self._set_up(session)
            self._narration = Narration(self.display, session.transcripts, self._latency, veil=self._veil)
            if options.greet:
                await session.greet(**greeting(options.greet, settings["voice"]))
            await self._converse(session, self._narration, ear, mouth)

    def _connection(self, mouth: Mouth) -> connect:
        options = self._options
        return connect(
            options.endpoint,
            model=self._counterpart.model,
            agent=self._counterpart.agent,
            api_key=options.api_key,
            api_version=options.api_version,
            profile=options.profile,
            reconnect=options.reconnect,
            playback=mouth,
            log=self._log,
            record=self._recorder,
            latency=self._latency,
        )

    async def _set_up(self, session: Session) -> dict[str, Any]:
        """What was asked for, and is now in force."""
        for function in self._tools:
            session.tool(function)
        connected = session.settings
        model = given(connected.model, "") if connected is not None else ""
        settings = session_settings(self._options, model=model, is_agent=self._counterpart.is_agent)
        await session.update(**settings)
        return settings

    async def _converse(self, session: Session, narration: Narration, ear: Ear, mouth: Mouth) -> None:
        now = asyncio.get_running_loop().time
        assistant = Assistant(
            session,
            ear,
            mouth,
            on_event=lambda event: narration.take(event, now()),
            on_block=self._measure if self.display.is_live else lambda block: None,
        )
        async with asyncio.TaskGroup() as tasks:
            companions = [
                tasks.create_task(self._tick(session, narration)),
                tasks.create_task(self._watch_playback(session, narration, mouth)),
                tasks.create_task(self._answer_on_enter(session)),
            ]
            await assistant.run()
            for task in companions:
                task.cancel()

    # ---- what goes on meanwhile

    async def _tick(self, session: Session, narration: Narration) -> None:
        now = asyncio.get_running_loop().time
        while True:
            narration.tick(now(), is_idle=session.is_idle)
            self.display.refresh()
            await asyncio.sleep(_TICK_S)

    async def _watch_playback(self, session: Session, narration: Narration, mouth: Mouth) -> None:
        """When the assistant falls silent. Raises DeviceLost at once, where others would notice at the next answer."""
        while True:
            await self._assistant_is_heard.wait()
            self._assistant_is_heard.clear()
            await mouth.drained()
            while not session.is_idle:  # the network is slow, and the rest of it comes
                await asyncio.sleep(_TICK_S)
                await mouth.drained()
            narration.assistant_speaks = False

    async def _answer_on_enter(self, session: Session) -> None:
        """Where the service does not look for the end of turns, the user says when it is there."""
        while self._options.turn_detection == "none":
            await self._turn_is_over.wait()
            self._turn_is_over.clear()
            await session.cancel()  # whoever spoke did not want to hear the rest
            await session.commit_audio()
            await session.respond()

    def _first_heard(self, part: Part, at: float) -> None:
        self._latency.first_heard(part, at)
        if self._narration is not None:
            self._narration.first_heard(part, at)
        self._assistant_is_heard.set()

    def _measure(self, block: bytes) -> None:
        self.display.status.level_db = level_db(block)

    # ---- the end

    def _close(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._narration is not None:
            self._narration.finish()
        self.display.close()
        if self._narration is not None:
            lines = summary_lines(self._latency, lasted_s=now - self._began, ear=self._ear, mouth=self._mouth)
            print("", *lines, sep="\n", flush=True)

    def _drop_everything(self) -> None:
        """The user has asked twice."""
        self.display.close()
        os._exit(_INTERRUPTED)


def _veil(options: ChatOptions) -> Veil:
    """Raises ConfigurationError where the environment cannot be read, or a pattern is none."""
    settings = read_settings(os.environ, folder=Path.cwd())
    try:
        return veil_of(
            endpoint=options.endpoint or settings.endpoint,
            api_key=options.api_key or settings.api_key,
            redact=options.redact,
        )
    except ValueError as error:
        raise ConfigurationError(f"--redact: {error}") from None


def _recorder_and_log(options: ChatOptions) -> tuple[Recorder | None, WireLog | None]:
    """Both or none: the log of the last conversation is not written over when this one cannot be recorded."""
    recorder = None
    if options.record is not None:
        recorder = Recorder(options.record, redact=options.redact, redact_audio=options.redact_audio)
    try:
        return recorder, WireLog(options.log, redact=options.redact) if options.log is not None else None
    except ConfigurationError:
        if recorder is not None:
            recorder.close()
        raise


# ---- standard output and error


@contextmanager
def _among_the_lines(display: Display, debug: Veil | None) -> Iterator[None]:
    """Warnings of the library are shown among the lines, without a traceback unless ``debug`` can veil it."""
    handler = _AmongTheLines(display, debug)
    logger = logging.getLogger("vlclient")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _AmongTheLines(logging.Handler):
    """Shows what is logged."""

    def __init__(self, display: Display, debug: Veil | None) -> None:
        super().__init__(logging.WARNING)
        self._display, self._debug = display, debug

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        words = f": {type(error).__name__}: {error}" if error is not None else ""
        self._display.line("error", record.getMessage() + words)
        if error is not None and self._debug is not None:
            print_traceback(error, self._debug)
