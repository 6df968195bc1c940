"""A spoken conversation: what the user says goes to the service, and each event that comes is shown.

What comes back is played by the session itself, which was made with a ``playback``; so the loudspeaker falls silent at
once, however busy this is.
"""

import asyncio
from collections.abc import Callable

from vlclient.audio.ports import AudioSink, AudioSource
from vlclient.conduct import Event
from vlclient.session import Session
from vlmock.protocol.input_audio import InputAudioBufferSpeechStarted, InputAudioBufferSpeechStopped

__all__ = ["Assistant"]


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
        to be answered, is the end of the conversation."""
        self._session = session
        self._source = source
        self._sink = sink
        self._on_event = on_event
        self._on_block = on_block
        self._hang_up_after_s = hang_up_after_s
        self._speaking = False
        self._silent_s = 0.0
        self._hanging_up = asyncio.Event()

    async def run(self) -> None:
        """Until the source has ended and everything was answered and heard, ``hang_up`` was called, or the service has
        ended the session. Configure the session first: the microphone is not for a session that is not ready.

        Raises DeviceLost, and whatever ended the session.
        """
        running = [asyncio.create_task(work()) for work in (self._listen, self._show, self._hanging_up.wait)]
        try:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in running:
                task.cancel()
            ended = await asyncio.gather(*running, return_exceptions=True)
        for result in ended:
            if isinstance(result, Exception) and not isinstance(result, asyncio.CancelledError):
                raise result
        assert done

    def hang_up(self) -> None:
        """End the conversation now."""
        self._hanging_up.set()

    async def _listen(self) -> None:
        while block := await self._source.read():
            self._on_block(block)
            await self._session.append_audio(block, captured_until=self._source.captured_until)
            if self._source.ended and await self._is_over(block):
                return
        await self._wait_until_answered()

    async def _is_over(self, block: bytes) -> bool:
        """After the end of a source silence is sent, so that the service notices the end of the turn."""
        if self._speaking or not self._session.is_idle:
            self._silent_s = 0.0
            return False
        self._silent_s += self._session.input_format.duration_ms(len(block)) / 1000
        if self._silent_s < self._hang_up_after_s:
            return False
        await self._sink.drained()  # Documented, behaviour.md 8.1, 11: not when the response is done, when it was heard
        return not self._speaking and self._session.is_idle

    async def _wait_until_answered(self) -> None:
        """For a source that gives no silence at its end; turns are then committed by hand."""
        while not self._session.is_idle:
            await asyncio.sleep(0.05)
        await self._sink.drained()

    async def _show(self) -> None:
        async for event in self._session:
            if isinstance(event, InputAudioBufferSpeechStarted):
                self._speaking = True
            elif isinstance(event, InputAudioBufferSpeechStopped):
                self._speaking = False
            self._on_event(event)
