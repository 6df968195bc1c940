"""What the vendor SDK's own samples do, with an array for a microphone and a list for a loudspeaker.

They are not in the wheel, so they are retold: the basic voice assistant, function calling, and MCP with and without
consent. Their settings and the order of what they send are theirs.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

from azure.ai.voicelive import models
from azure.ai.voicelive.aio import VoiceLiveConnection, connect
from azure.core.credentials import AzureKeyCredential

from tests.sdk.sounds import Samples, pieces

__all__ = ["Assistant", "FunctionCaller", "McpCaller"]

PIECE_BYTES = 2400
PIECE_S = 0.05
"""As the samples have it, at 24 kHz."""


class Assistant:
    """Streams the microphone from session.updated on, plays what comes, and falls silent when the user speaks."""

    voice: Any = models.AzureStandardVoice(name="en-US-AvaNeural")
    tools: tuple[Any, ...] = ()
    transcription: Any = None
    noise_reduction: Any = models.AudioNoiseReduction(type="azure_deep_noise_suppression")

    def __init__(self, endpoint: str, sound: Samples, *, model: str, speed: float = 1.0, cancels: bool = False) -> None:
        """``speed``: of the microphone; infinite gives it all at once. ``cancels``: as the samples did at first."""
        self._endpoint, self._sound, self._model, self._speed = endpoint, sound, model, speed
        self._cancels = cancels
        self.answers = 0
        """Responses that are done and not empty."""
        self.on_playing: Callable[[bool], None] = lambda playing: None
        self._plays = False
        self._microphone: asyncio.Task[None] | None = None
        self.errors: list[str] = []

    async def run(self, *, answers: int) -> None:
        """Talk until so many answers are done."""
        key = AzureKeyCredential("any")
        async with connect(endpoint=self._endpoint, credential=key, model=self._model) as connection:
            await connection.session.update(session=self._settings())
            async for event in connection:
                await self.handle(event, connection)
                if self.answers == answers:
                    break
            if self._microphone is not None:
                self._microphone.cancel()

    def _settings(self) -> models.RequestSession:
        settings: dict[str, Any] = {
            "modalities": [models.Modality.TEXT, models.Modality.AUDIO],
            "instructions": "You are a helpful AI assistant.",
            "voice": self.voice,
            "input_audio_format": models.InputAudioFormat.PCM16,
            "output_audio_format": models.OutputAudioFormat.PCM16,
            "turn_detection": models.ServerVad(threshold=0.5, prefix_padding_ms=300, silence_duration_ms=500),
            "input_audio_echo_cancellation": models.AudioEchoCancellation(),
            "input_audio_noise_reduction": self.noise_reduction,
            "input_audio_transcription": self.transcription,
            "tools": list(self.tools) or None,
        }
        return models.RequestSession(**{name: value for name, value in settings.items() if value is not None})

    async def handle(self, event: Any, connection: VoiceLiveConnection) -> None:
        if event.type == models.ServerEventType.SESSION_UPDATED:
            self._microphone = asyncio.create_task(self._capture(connection))
        elif event.type == models.ServerEventType.INPUT_AUDIO_BUFFER_SPEECH_STARTED:
            self._play(False)
            if self._cancels:
                await connection.response.cancel()
        elif event.type == models.ServerEventType.RESPONSE_AUDIO_DELTA:
            self._play(True)
        elif event.type == models.ServerEventType.ERROR:
            self.errors.append(event.error.message)
        elif event.type == models.ServerEventType.RESPONSE_DONE:
            self.answers += any(item.type == "message" for item in event.response.output)

    def _play(self, playing: bool) -> None:
        if playing is not self._plays:
            self._plays = playing
            self.on_playing(playing)

    async def _capture(self, connection: VoiceLiveConnection) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, piece in enumerate(pieces(self._sound.tobytes(), PIECE_BYTES)):
            await asyncio.sleep(max(0.0, began + number * PIECE_S / self._speed - loop.time()))
            await connection.input_audio_buffer.append(audio=base64.b64encode(piece).decode())


class FunctionCaller(Assistant):
    """Calls the function when its response is done, returns the output behind the call, and asks."""

    noise_reduction = None
    transcription = models.AudioInputTranscriptionOptions(model="azure-speech")
    tools = (models.FunctionTool(name="get_weather", description="Get the current weather.", parameters={}),)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._calls: list[Any] = []

    async def handle(self, event: Any, connection: VoiceLiveConnection) -> None:
        await super().handle(event, connection)
        if event.type == models.ServerEventType.CONVERSATION_ITEM_CREATED and event.item.type == "function_call":
            self._calls.append(event.item)
        elif event.type == models.ServerEventType.RESPONSE_DONE and self._calls:
            calls, self._calls = self._calls, []
            for call in calls:
                item = models.FunctionCallOutputItem(
                    call_id=call.call_id, output=json.dumps({"weather": "sunny", "temp_c": 21})
                )
                await connection.conversation.item.create(previous_item_id=call.id, item=item)
            await connection.response.create()


class McpCaller(Assistant):
    """Agrees to every call, and asks for the next response when its output is there."""

    noise_reduction = None
    transcription = models.AudioInputTranscriptionOptions(model="azure-speech")
    tools = (
        models.MCPServer(server_label="docs", server_url="https://docs.example/mcp", require_approval="never"),
        models.MCPServer(server_label="shop", server_url="https://shop.example/mcp", require_approval="always"),
    )

    async def handle(self, event: Any, connection: VoiceLiveConnection) -> None:
        await super().handle(event, connection)
        if event.type == models.ServerEventType.CONVERSATION_ITEM_CREATED:
            if event.item.type == models.ItemType.MCP_APPROVAL_REQUEST:
                item = models.MCPApprovalResponseRequestItem(approval_request_id=event.item.id, approve=True)
                await connection.conversation.item.create(item=item)
        elif event.type == models.ServerEventType.RESPONSE_OUTPUT_ITEM_DONE and event.item.type == "mcp_call":
            await connection.response.create()
