"""VL1xx: settings."""

from tests.conduct.playing import BY_HAND, DETECTED, SLOW, TURNS, Row, World
from tests.session.avatar.offers import LISA
from tests.session.sounds import silence
from vlmock.session.timing import Timing

SOUND = silence(200)
WAITS = Timing({"updated": 100})
TOOLS = [{"type": "function", "name": "get_weather"}]
AVA = {"type": "azure-standard", "name": "en-US-AvaNeural"}
ANDREW = {"type": "azure-standard", "name": "en-US-AndrewNeural"}
WRONG = {"voice": {"type": "azure-standard", "name": "en-US-AvaNeural", "rate": "9"}}


def sound_at_once(world: World) -> None:
    client = world.client(None, timing=WAITS)
    client.configure(**DETECTED).append(SOUND).pause(1).append(SOUND)


def sound_when_updated(world: World) -> None:
    client = world.client(None, timing=WAITS)
    client.configure(**DETECTED).pause(1).append(SOUND)


def sound_before_the_update(world: World) -> None:
    world.client(None).append(SOUND).configure(**DETECTED)


def turn_before_the_update(world: World) -> None:
    world.client(None, api_version=TURNS).begin_turn(SOUND).configure(**BY_HAND)


def greets_at_once(world: World) -> None:
    world.client(None, timing=WAITS).configure(**DETECTED).ask().pause(5)


def greets_when_updated(world: World) -> None:
    world.client(None, timing=WAITS).configure(**DETECTED).pause(1).ask().pause(5)


def goes_on_unconfigured(world: World) -> None:
    world.client(WRONG).pause(1).append(SOUND)


def mends_it(world: World) -> None:
    world.client(WRONG).configure(voice=AVA).pause(1).append(SOUND)


def later(first: dict, *updates: dict, spoken: bool = False):
    """Updates, the first of which is accepted, with an answer that is spoken in between."""

    def part(world: World) -> None:
        client = world.client(first)
        if spoken:
            client.type().ask().pause(5)
        for update in updates:
            client.configure(**update).pause(1)

    return part


def commits(settings: dict):
    def part(world: World) -> None:
        client = world.client(settings, timing=SLOW)
        client.append(silence(300)).send("input_audio_buffer.commit").pause(5)

    return part


def agent(update: dict):
    return lambda world: world.client(update, agent=True)


def agent_asked(**response):
    return lambda world: world.client(agent=True).ask(**response)


def refused_twice(world: World) -> None:
    world.client(WRONG).configure(**WRONG)


ROWS = [
    Row("VL101", sound_at_once, sound_when_updated),
    Row("VL101", sound_before_the_update, sound_when_updated),
    Row("VL101", turn_before_the_update, sound_when_updated),
    Row("VL102", greets_at_once, greets_when_updated),
    Row("VL103", goes_on_unconfigured, mends_it, frozenset({"VL601"})),
    Row(
        "VL104",
        later(DETECTED | {"tools": TOOLS}, DETECTED),
        later(DETECTED | {"tools": TOOLS}, {"tools": TOOLS} | DETECTED),
    ),
    Row(
        "VL105",
        later({"turn_detection": {"type": "server_vad", "threshold": 0.7}}, {"turn_detection": {"type": "server_vad"}}),
        later(
            {"turn_detection": {"type": "server_vad", "threshold": 0.7}},
            {"turn_detection": {"type": "server_vad", "threshold": 0.6}},
        ),
    ),
    Row(
        "VL106",
        later(DETECTED, {"turn_detection": {"type": "azure_semantic_vad", "silence_duration_ms": 500}}),
        later(DETECTED, DETECTED),
    ),
    Row(
        "VL107",
        later({"voice": AVA}, {"voice": ANDREW}, spoken=True),
        later({"voice": ANDREW}, {"voice": ANDREW}, spoken=True),
    ),
    Row(
        "VL107",
        later({"voice": AVA, "avatar": LISA}, {"voice": ANDREW, "avatar": LISA}),
        later({"voice": AVA}, {"voice": ANDREW}),
    ),
    Row("VL108", later(DETECTED, DETECTED | {"model": "gpt-4o"}), later(DETECTED, DETECTED | {"model": "gpt-4.1"})),
    Row(
        "VL109",
        later({"input_audio_sampling_rate": 16000}, {"input_audio_sampling_rate": 24000}),
        later({"input_audio_sampling_rate": 16000}, {"input_audio_sampling_rate": 16000}),
    ),
    Row("VL110", commits({"tools": TOOLS}), commits({"tools": TOOLS, "turn_detection": None})),
    Row("VL111", agent({"instructions": "Be brief."}), agent(DETECTED)),
    Row("VL111", agent_asked(instructions="Be brief."), agent_asked()),
    Row("VL112", refused_twice, mends_it, frozenset({"VL601"})),
    Row("VL113", later({"turn_detection": {"type": "none"}}), later(BY_HAND)),
]
