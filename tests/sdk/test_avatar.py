"""An avatar, through the vendor SDK: connected over WebRTC, and streamed over the WebSocket."""

import base64
import io
from contextlib import AsyncExitStack
from typing import Any

import pytest
from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import Dialogue, talking
from tests.session.avatar.offers import FILMED, LISA, answered, connect
from vlmock.scenario.model import Scenario

WORDS = "Good morning!"


async def with_avatar(dialogue: Dialogue, avatar: dict[str, Any]) -> models.AvatarConfig:
    """Configure one. As the service then has it."""
    first = await dialogue.configure(avatar=models.AvatarConfig(**avatar))
    assert first.avatar is None
    found = (await dialogue.until("session.updated")).session.avatar
    assert isinstance(found, models.AvatarConfig)
    return found


async def test_an_avatar_over_webrtc():
    """Offer, answer, speech, silence: each event is the SDK's own class."""
    scenario = Scenario.build(otherwise={"reply": WORDS})
    async with vlmock.serve(scenario) as server, talking(server.url) as dialogue:
        (ice_server,) = (await with_avatar(dialogue, LISA)).ice_servers
        assert ice_server.urls == ["turn:relay.invalid:3478"]
        offer = models.ClientEventSessionAvatarConnect(client_sdp=connect()["client_sdp"])
        await dialogue.connection.send(offer)
        connecting = await dialogue.until("session.avatar.connecting")
        assert answered(connecting.server_sdp).startswith("v=0\r\n")
        response = await dialogue.ask()
        speaking = await dialogue.until("session.avatar.switch_to_speaking")
        assert speaking.turn_id == response.id
        assert "response.audio_transcript.done" in dialogue.types
        server.clock.advance(60)
        await dialogue.until("session.avatar.switch_to_idle")
        await dialogue.connection.send(models.ClientEventOutputAudioBufferClear())
        await dialogue.until("output_audio_buffer.cleared")
        assert "response.audio.delta" not in dialogue.types


@pytest.mark.parametrize("where", ["video", "audio"])
async def test_an_avatar_over_the_websocket(where: str):
    """The film starts by itself, has the words in it, and goes on in silence. By the other reading they are beside it,
    and it is silent."""
    scenario = Scenario.build(otherwise={"reply": WORDS}, readings={"avatar_sound": where})
    async with vlmock.serve(scenario) as server, talking(server.url) as dialogue:
        assert (await with_avatar(dialogue, FILMED)).ice_servers is None
        first = await dialogue.until("response.video.delta")
        assert base64.b64decode(first.delta)[4:8] == b"ftyp"
        await dialogue.ask()
        await dialogue.until("session.avatar.switch_to_speaking")
        server.clock.advance(60)
        await dialogue.until("session.avatar.switch_to_idle")
        film = dialogue.of("response.video.delta")
        assert {(event.codec, event.output_index) for event in film} == {("h264", 0)}
        assert ("response.audio.delta" in dialogue.types) is (where == "audio")
        sound = loudest(b"".join(base64.b64decode(event.delta) for event in film))
        assert sound > 0.05 if where == "video" else sound == 0


def loudest(stream: bytes) -> float:
    """The largest sample of its sound; 1.0 is full scale."""
    av = pytest.importorskip("av", reason="PyAV has 70 MB: pip install 'vlmock[judges]'")
    with av.open(io.BytesIO(stream)) as container:
        return max(float(abs(frame.to_ndarray()).max()) for frame in container.decode(audio=0))


async def test_the_sessions_of_a_server_share_its_avatars():
    """Documented (behaviour 1.4): two new ones a minute for a resource, not for a session."""
    async with vlmock.serve() as server:
        for _ in range(2):
            async with talking(server.url) as dialogue:
                await shown(dialogue)
        async with talking(server.url) as dialogue:
            await with_avatar(dialogue, LISA)
            refused = await refusal(dialogue)
            assert refused.code == "rate_limit_exceeded"
            assert refused.message.startswith("Avatar request was rate-limited. Retry after ")
            server.clock.advance(60)
            await shown(dialogue)


async def test_who_leaves_makes_room():
    """Observed {VIBE}: five at once; a connection that ends gives its avatar back."""
    async with vlmock.serve() as server, AsyncExitStack() as stack:
        dialogues = [await stack.enter_async_context(talking(server.url)) for _ in range(6)]
        for dialogue in dialogues[:5]:
            await shown(dialogue)
            server.clock.advance(31)
        await with_avatar(dialogues[5], LISA)
        assert (await refusal(dialogues[5])).code == "avatar_service_resource_exhausted"
        await dialogues[2].connection.close()
        server.journal.wait_for_close(connection=3)
        await shown(dialogues[5])


async def shown(dialogue: Dialogue) -> None:
    """Have an avatar, and connect it."""
    await with_avatar(dialogue, LISA)
    await dialogue.connection.send(connect())
    await dialogue.until("session.avatar.connecting")


async def refusal(dialogue: Dialogue) -> Any:
    await dialogue.connection.send(connect())
    return (await dialogue.until("error")).error


async def test_a_scenario_without_avatars():
    """``avatar: capacity_exceeded``."""
    scenario = Scenario.build(otherwise={"reply": WORDS}, avatar="capacity_exceeded")
    async with vlmock.serve(scenario) as server, talking(server.url) as dialogue:
        await with_avatar(dialogue, LISA)
        assert (await refusal(dialogue)).code == "avatar_capacity_exceeded"
