"""VL65x: what not every client survives."""

from tests.conduct.playing import DETECTED, SLOW, Client, Row, World
from vlmock.session.script import Say


def dies(client: Client, *, survives: bool) -> None:
    if survives:
        client.pause(60).leave()
    else:
        client.pause(0.01).leave(1006, by="network")


def pushes(type: str, *, survives: bool, **members):
    return lambda world: dies(world.client().pushed(type, **members), survives=survives)


def configures(*, survives: bool):
    return lambda world: dies(world.client(), survives=survives)


def hears(wire_type: str, *, survives: bool):
    """Lives until that event comes."""

    def part(world: World) -> None:
        client = world.client(DETECTED, replies=[[Say("Once upon a time there was a fox.")]], timing=SLOW).type().ask()
        while wire_type not in client.types:
            client.pause(0.001)
        dies(client, survives=survives)

    return part


def hears_itself(*, survives: bool):
    def part(world: World) -> None:
        client = world.client(DETECTED | {"input_audio_transcription": {"model": "whisper-1"}}, model="gpt-realtime")
        client.pushed(
            "conversation.item.input_audio_transcription.completed", item_id="item_1", content_index=0, transcript=""
        )
        dies(client, survives=survives)

    return part


def second_item(*, survives: bool):
    def part(world: World) -> None:
        client = world.client()
        client.pushed(
            "response.output_item.done",
            response_id="resp_1",
            output_index=1,
            item={"type": "web_search_call", "id": "item_1", "status": "completed"},
        )
        dies(client, survives=survives)

    return part


ERROR = {"message": "Something else.", "type": "server_error", "code": None, "param": None, "event_id": None}

ADDED = "response.output_item.added"
ITEM = {
    "response_id": "resp_1",
    "output_index": 0,
    "item": {"type": "message", "id": "msg_1", "status": "incomplete", "role": "assistant", "content": []},
}

ROWS = [
    Row("VL651", pushes("response.brand_new", survives=False), pushes("response.brand_new", survives=True)),
    Row(
        "VL651",
        pushes("response.text.done", survives=False, text=7),
        pushes("response.text.done", survives=True, text=7),
    ),
    Row("VL652", configures(survives=False), configures(survives=True)),
    Row("VL653", pushes("error", survives=False, error=ERROR), pushes("error", survives=True, error=ERROR)),
    Row("VL654", hears("response.audio.delta", survives=False), hears("response.audio.delta", survives=True)),
    Row("VL655", pushes(ADDED, survives=False, **ITEM), pushes(ADDED, survives=True, **ITEM)),
    Row("VL656", second_item(survives=False), second_item(survives=True)),
    Row("VL657", hears_itself(survives=False), hears_itself(survives=True)),
]
