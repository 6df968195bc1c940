"""VL4xx: asking."""

from tests.conduct.playing import DETECTED, SLOW, Client, Row, World, question
from vlmock.session.timing import Timing

STORY = "Once upon a time there was a fox who could not sleep at night. " * 2
NOT_ANSWERED = {"turn_detection": DETECTED["turn_detection"] | {"create_response": False}}


def asks_twice(*, after_s: float):
    return lambda world: world.client(timing=SLOW).type(STORY).ask().pause(after_s).ask().pause(10)


def spoken(world: World, settings: dict = DETECTED, timing: Timing = SLOW) -> Client:
    """A turn has been committed this moment."""
    client = world.client(settings, timing=timing).stream(question()[:-24_000])
    while not client.all("input_audio_buffer.committed"):
        client.append(bytes(960)).pause(0.02)
    return client


def asks_beside(settings: dict):
    def part(world: World) -> None:
        spoken(world, settings).pause(0.2).ask().pause(10)

    return part


def asks_again(*, again: bool):
    def part(world: World) -> None:
        client = world.client(timing=SLOW).type(STORY).ask().pause(0.5).ask().pause(10)
        if again:
            client.ask().pause(10)
        client.leave()

    return part


def asks_behind(settings: dict):
    """When the answer has come already."""

    def part(world: World) -> None:
        client = spoken(world, settings, Timing("instant"))
        client.pause(0.2).ask().pause(5)

    return part


ROWS = [
    Row("VL401", asks_twice(after_s=0.0), asks_twice(after_s=10)),
    Row("VL401", asks_twice(after_s=1.0), asks_twice(after_s=10)),
    Row("VL402", asks_beside(DETECTED), asks_beside(NOT_ANSWERED)),
    Row("VL403", asks_again(again=False), asks_twice(after_s=10), frozenset({"VL401"})),
    Row("VL404", asks_behind(DETECTED), asks_behind(NOT_ANSWERED)),
]
