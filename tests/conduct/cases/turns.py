"""VL3xx: who speaks when."""

from tests.conduct.playing import DETECTED, SLOW, Client, Row, World
from tests.session.sounds import silence, voice
from vlmock.conduct.codes import PLAYING, SILENT, STILL_PLAYING
from vlmock.session.script import Say
from vlmock.session.timing import Timing

STORY = [Say("Once upon a time there was a fox who could not sleep at night. " * 4)]
TRUNCATING = {"turn_detection": DETECTED["turn_detection"] | {"auto_truncate": True}}


def told(world: World, settings: dict = DETECTED, **how) -> Client:
    """A long story has begun to come, and some of it has been sent."""
    client = world.client(settings, replies=[STORY], timing=SLOW, **how)
    return client.type("Tell me a story.").ask().pause(2.0)


def interrupted(world: World, *, after_s: float, **how) -> None:
    """The user speaks, and the loudspeaker falls silent some time after."""
    client = told(world, **how).noted(PLAYING).stream(voice(900))
    client.stream(silence(int(after_s * 1000))).noted(SILENT).stream(silence(1500)).pause(30).leave()


def silent_at_once(world: World) -> None:
    client = told(world).noted(PLAYING)
    while not client.all("input_audio_buffer.speech_started"):
        client.stream(voice(100))
    client.noted(SILENT).stream(silence(1500)).pause(30).leave()


def heard_later(world: World) -> None:
    told(world).stream(voice(900)).pause(0.5).noted(STILL_PLAYING)


def heard_before(world: World) -> None:
    told(world).noted(STILL_PLAYING).stream(voice(900))


def plays_to_the_end(world: World) -> None:
    told(world).noted(PLAYING).stream(voice(900)).stream(silence(300)).leave()


def cuts(share: float, *, after_s: float = 1.0, times: int = 1, settings: dict = DETECTED, **members):
    """Truncates what was played so far, or another share of it."""

    def part(world: World) -> None:
        client = told(world, settings)
        began = client.times[client.types.index("response.audio.delta")]
        client.pause(after_s)
        for _ in range(times):
            client.cut(client.spoken, int((client.now - began) * 1000 * share), **members)

    return part


def cuts_at(audio_end_ms: int):
    """When all of it has come, and been played."""

    def part(world: World) -> None:
        client = told(world).pause(60)
        client.cut(client.spoken, audio_end_ms)

    return part


def cuts_what_the_service_cut(*, knows: bool):
    def part(world: World) -> None:
        client = told(world, TRUNCATING).stream(voice(900)).stream(silence(300))
        assert client.all("conversation.item.truncated")
        if not knows:
            client.cut(client.spoken, 500)

    return part


def cuts_text(world: World) -> None:
    client = world.client().type()
    client.cut(client.last("conversation.item.created").item.id, 100)


def cancels(*, after_s: float, named: str | None = None):
    def part(world: World) -> None:
        client = told(world).pause(after_s)
        client.send("response.cancel", **({"response_id": named} if named else {}))

    return part


def cancels_on_speech(world: World) -> None:
    client = told(world)
    while not client.all("input_audio_buffer.speech_started"):
        client.stream(voice(100))
    client.send("response.cancel")


def only_falls_silent(world: World) -> None:
    told(world).stream(voice(900))


def hangs_up(*, after_s: float):
    def part(world: World) -> None:
        client = world.client(replies=[STORY], timing=Timing({"llm_first": 100, "audio_speed": 30}))
        client.stream(voice(900)).stream(silence(6000))
        assert client.all("response.done")
        client.stream(silence(int(after_s * 1000))).leave()

    return part


ROWS = [
    Row("VL301", lambda world: interrupted(world, after_s=1.0), silent_at_once),
    Row("VL301", heard_later, heard_before),
    Row("VL301", plays_to_the_end, silent_at_once),
    Row("VL302", cuts_at(60_000), cuts_at(3_000)),
    Row("VL303", cuts(2.0), cuts(0.9)),
    Row("VL304", cuts(0.9, times=2), cuts(0.9)),
    Row("VL304", cuts_what_the_service_cut(knows=False), cuts_what_the_service_cut(knows=True)),
    Row("VL305", cuts(0.9, settings=TRUNCATING), cuts(0.9)),
    Row("VL306", cuts(0.9, content_index=None), cuts(0.9)),
    Row("VL307", cuts_text, cuts(0.9)),
    Row("VL308", cancels(after_s=60), cancels(after_s=0.1)),
    Row("VL308", cancels(after_s=0.1, named="resp_other"), cancels(after_s=0.1)),
    Row("VL309", cancels_on_speech, only_falls_silent),
    Row("VL310", hangs_up(after_s=0.5), hangs_up(after_s=20)),
]
