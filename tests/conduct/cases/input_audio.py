"""VL2xx: sound."""

from tests.conduct.playing import BY_HAND, DETECTED, PIECE_S, SLOW, TURNS, Row, World, question
from tests.session.sounds import silence, voice
from vlmock.protocol.codec import encode
from vlmock.protocol.input_audio import InputAudioBufferAppend

LONG = voice(8_000)
HALF_RATE = voice(8_000, rate_hz=16_000)


def appends(audio: bytes, settings: dict = DETECTED):
    return lambda world: world.client(settings).append(audio)


def appends_to_a_turn(audio: bytes):
    return lambda world: world.client(BY_HAND, api_version=TURNS).begin_turn(audio)


def sends(**members):
    return lambda world: world.client().send("input_audio_buffer.append", **members)


def streams(audio: bytes, *, piece_bytes: int = 4800, piece_s: float = PIECE_S):
    return lambda world: world.client(BY_HAND).stream(audio, piece_bytes=piece_bytes, piece_s=piece_s)


def one_huge(world: World) -> None:
    world.client(BY_HAND).message(encode(InputAudioBufferAppend(audio=b"\1" * (15 * 1024 * 1024 + 2))))


def stops_in_the_middle(world: World) -> None:
    client = world.client(timing=SLOW).stream(voice(900))
    client.pause(2.0).stream(silence(1000)).pause(10)


def goes_on_to_the_end(world: World) -> None:
    world.client(timing=SLOW).stream(voice(900)).stream(silence(3000)).pause(10)


def stutters(*pauses_s: float):
    def part(world: World) -> None:
        client = world.client(BY_HAND).stream(voice(8_000))
        for pause_s in pauses_s:
            client.pause(pause_s)
            for _ in range(round(pause_s / PIECE_S)):
                client.append(voice(100))
            client.stream(voice(1000))

    return part


def commits(audio: bytes):
    return lambda world: world.client(BY_HAND).append(audio).send("input_audio_buffer.commit").pause(1)


def commits_beside(settings: dict):
    def part(world: World) -> None:
        world.client(settings, timing=SLOW).append(silence(300)).send("input_audio_buffer.commit").pause(5)

    return part


def asks(*, commits: bool):
    def part(world: World) -> None:
        client = world.client(BY_HAND).append(question())
        if commits:
            client.send("input_audio_buffer.commit").pause(1)
        client.ask().pause(5)

    return part


WAV = b"RIFF" + bytes(40) + voice(100)

ROWS = [
    Row("VL201", appends(voice(100)[:-1]), appends(voice(100))),
    Row("VL201", appends_to_a_turn(voice(100)[:-1]), appends_to_a_turn(voice(100))),
    Row("VL202", sends(audio="not base64!"), sends(audio="AAAAAA==")),
    Row("VL203", appends(b""), appends(voice(100))),
    Row("VL203", appends_to_a_turn(b""), appends_to_a_turn(voice(100))),
    Row("VL204", streams(silence(11_000)), streams(voice(1000) + silence(11_000))),
    Row("VL205", streams(HALF_RATE, piece_bytes=3200), streams(LONG)),
    Row("VL206", one_huge, appends(voice(1000), BY_HAND)),
    Row("VL207", stops_in_the_middle, goes_on_to_the_end),
    Row("VL208", stutters(0.4, 0.5, 0.6), stutters(0.1, 0.1, 0.1)),
    Row("VL209", commits(voice(50)), commits(voice(200))),
    Row("VL210", commits_beside(DETECTED), commits_beside(BY_HAND)),
    Row("VL211", asks(commits=False), asks(commits=True)),
    Row("VL212", appends(WAV), appends(WAV[44:])),
    Row("VL212", appends_to_a_turn(WAV), appends_to_a_turn(WAV[44:])),
]
