"""A spoken conversation: what the user says goes to the service, and each event that comes is shown.

What comes back is played by the session itself, which was made with a ``playback``; so the loudspeaker falls silent at
once, however busy this is.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from vlclient.audio.ports import AudioSink, AudioSource
from vlclient.conduct import Event
from vlclient.reconnect import Reconnected
from vlclient.session import Session
from vlmock.protocol.input_audio import (
    InputAudioBufferCleared,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
)
from vlmock.protocol.session import ResponseSession
from vlmock.protocol.turn_detection import NoTurnDetection

__all__ = ["Assistant"]

_LOOK_AGAIN_S: Final = 0.05
_SPEECH_IS_OVER: Final = (
    InputAudioBufferSpeechStopped,
    InputAudioBufferCommitted,
    InputAudioBufferCleared,
    Reconnected,
)


class Assistant:
    """Holds a conversation between a source and a sink of sound. One ``run`` each."""

    def __init__(
        self,
        session: Session,
        source: AudioSource,
        sink: AudioSink,
        *,
        on_event: Callable[[Event], None],
        on_block: Callable[[bytes], None] = lambda block: None,
        hang_up_after_s: float = 1.5,
    ) -> None:
        """``sink`` is the session's ``playback``. ``on_event`` and ``on_block`` (of the user's voice, before it is
        sent) must not wait. ``hang_up_after_s``: so much silence after the end of a source that ends, with nothing left
        to be answered, is the end of the conversation. Whatever the source's pace, it is real time, for the service
        needs some to say that it has heard somebody."""
        self._session = session
        self._source = source
        self._sink = sink
        self._on_event = on_event
        self._on_block = on_block
        self._hang_up_after_s = hang_up_after_s
        self._now = asyncio.get_running_loop().time
        self._speaking = False
        self._said_something = self._finished = False
        """Whether the source has given anything, and whether all that it had."""
        self._silent_since: float | None = None
        self._hanging_up = asyncio.Event()

    async def run(self) -> None:
        """Until the source has ended and everything was answered and heard, ``hang_up`` was called, or the service has
        ended the session. Configure the session first: the microphone is not for a session that is not ready.

        Raises DeviceLost, and whatever ended the session, once all that came before has been shown.
        """
        listening, showing, hanging_up = tasks = [
            asyncio.create_task(work) for work in (self._listen(), self._show(), self._hanging_up.wait())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self._session.is_over:  # whoever noticed: the events say why
                await asyncio.wait((showing, hanging_up), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in (showing,) if self._session.is_over else (showing, listening):
            if not task.cancelled():
                task.result()

    def hang_up(self) -> None:
        """End the conversation now."""
        self._hanging_up.set()

    async def _listen(self) -> None:
        while block := await self._source.read():
            self._on_block(block)
            await self._session.append_audio(block, captured_until=self._source.captured_until)
            self._said_something = True
            if self._source.ended:
                await self._finish_turn()
                if await self._is_over():
                    return
        await self._finish_turn()
        while not self._session.is_idle:  # noqa: ASYNC110 - that is a matter of time as well as of events
            await asyncio.sleep(_LOOK_AGAIN_S)
        await self._sink.drained()

    async def _finish_turn(self) -> None:
        """Nobody but us knows that the user has finished, where the service does not look for the end of turns."""
        if self._finished or not self._said_something:
            return
        self._finished = True
        settings = self._session.settings or ResponseSession()
        if isinstance(settings.turn_detection, NoTurnDetection | None):
            await self._session.commit_audio()
            await self._session.respond()

    async def _is_over(self) -> bool:
        """After the end of a source silence is sent, so that the service notices the end of the turn."""
        if self._speaking or not self._session.is_idle:
            self._silent_since = None
            return False
        if self._silent_since is None:
            self._silent_since = self._now()
        if self._now() - self._silent_since < self._hang_up_after_s:
            return False
        await self._sink.drained()  # Documented, behaviour.md 8.1, 11: not when the response is done, when it was heard
        return not self._speaking and self._session.is_idle

    async def _show(self) -> None:
        async for event in self._session:
            if isinstance(event, InputAudioBufferSpeechStarted):
                self._speaking = True
            elif isinstance(event, _SPEECH_IS_OVER):
                self._speaking = False
            self._on_event(event)
        await self._sink.drained()  # the service has said goodbye, and what it said before is still being heard
