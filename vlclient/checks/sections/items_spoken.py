"""15, continued: items that were spoken, and how they are cut down to what was heard."""

import base64
import binascii
from typing import Any

from vlclient.checks.answers import ABSENT, Answer, ask, talking, typed
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.verdicts import NotOffered
from vlclient.checks.wire import Event, Wire
from vlmock.protocol.audio_format import output_format

_section = Section(15, "Items")

_SOUND = "response.audio.delta"


def _truncate(item_id: str, *, ms: int, content_index: int = 0) -> dict[str, Any]:
    event = {"type": "conversation.item.truncate", "item_id": item_id}
    return {**event, "content_index": content_index, "audio_end_ms": ms}


async def _spoken(probe: Probe) -> tuple[Wire, Answer, int]:
    """A spoken answer, and how long it is in milliseconds."""
    wire = await talking(probe)
    await typed(probe, wire, "Say: good morning, and welcome to the lighthouse.")
    answer = await ask(probe, wire)
    heard = b"".join(_decoded(delta["delta"]) for delta in answer.only(answer.item).of(_SOUND))
    probe.require(bool(heard), "sound", "none")
    return wire, answer, int(output_format("pcm16").duration_ms(len(heard)))


async def _truncated(probe: Probe, wire: Wire, item_id: str, ms: int) -> Event:
    await wire.send(_truncate(item_id, ms=ms))
    answer = await probe.answer(wire, "conversation.item.truncated")
    if answer["type"] == "error" and probe.pipeline != "native":  # Observed {NETT}, behaviour 5
        raise NotOffered(f"this is refused: {answer['error'].get('message')}")
    probe.require(answer["type"] != "error", "conversation.item.truncated", answer.get("error"))
    return answer


async def _retrieved(wire: Wire, item_id: str) -> Event:
    await wire.send({"type": "conversation.item.retrieve", "item_id": item_id})
    item: Event = (await wire.next("conversation.item.retrieved"))["item"]
    return item


@_section.check("15.19", responses=1, proves=("item.content.audio",))
async def a_spoken_item_is_kept_with_its_sound(probe: Probe) -> None:
    """An answer that was spoken is retrieved with its sound and its transcript.

    False when: there is no sound, or the transcript is another; loosely, when it is not as long as what was sent.
    Source: Observed {SDKT, JAVAT}, behaviour 5.
    """
    wire, answer, ms = await _spoken(probe)
    part = (await _retrieved(wire, answer.item["id"]))["content"][0]
    words = answer.item["content"][0]["transcript"]
    probe.expect(part.get("transcript") == words, words, part.get("transcript"))
    sound = _decoded(part["audio"])
    probe.require(bool(sound), "sound", "none")
    kept_ms = int(output_format("pcm16").duration_ms(len(sound)))
    probe.loosely(kept_ms == ms, f"{ms} ms", f"{kept_ms} ms")


@_section.check("15.20", responses=1, proves=("conversation.item.truncate", "conversation.item.truncated"))
async def a_spoken_item_can_be_cut(probe: Probe) -> None:
    """A spoken answer can be cut to what was heard: the request is echoed, and the item has its words no longer.

    False when: it is refused or echoed otherwise; loosely, when the whole transcript is still to be had. A server whose
    voice is not the model's own may not offer it.
    Source: Observed {SDKT, JAVAT} with voices of a model's own, against {NETT} with others, behaviour 5.
    """
    wire, answer, ms = await _spoken(probe)
    item_id = answer.item["id"]
    echo = await _truncated(probe, wire, item_id, ms // 2)
    for member, value in {"item_id": item_id, "content_index": 0, "audio_end_ms": ms // 2}.items():
        probe.expect(echo[member] == value, f"{member} {value}", echo[member])
    part = (await _retrieved(wire, item_id))["content"][0]
    words = answer.item["content"][0]["transcript"]
    probe.loosely(part.get("transcript") != words, "another transcript, or none", part.get("transcript"))


@_section.check("15.21", responses=1, proves=("refusals.audio_shorter", "refusals.bad_content_index"))
async def an_item_cannot_be_cut_beyond_its_end(probe: Probe) -> None:
    """Truncating after the end of the sound, or at a part that there is not, is refused, and the item stays whole.

    False when: one of them is accepted, or the transcript has changed; loosely, when the code is another.
    Source: Documented {DOC}, schema B; Assumed {OAI}: the code.
    """
    wire, answer, ms = await _spoken(probe)
    item_id = answer.item["id"]
    wrong = {"too-late": _truncate(item_id, ms=ms + 60_000), "no-part": _truncate(item_id, ms=100, content_index=7)}
    for event_id, event in wrong.items():
        error = await probe.refusal(wire, event, accepted="conversation.item.truncated", event_id=event_id)
        code = error["error"].get("code")
        probe.loosely(code == "invalid_value", "code invalid_value", code)
    words = answer.item["content"][0]["transcript"]
    kept = (await _retrieved(wire, item_id))["content"][0].get("transcript")
    probe.expect(kept == words, words, kept)


@_section.check("15.22", responses=1, proves=("refusals.already_truncated",))
async def an_item_is_cut_once(probe: Probe) -> None:
    """Truncating an item again is refused with the code item_already_truncated.

    False when: it is accepted, or the code is another.
    Source: Observed {BANK}, behaviour 5.
    """
    wire, answer, ms = await _spoken(probe)
    await _truncated(probe, wire, answer.item["id"], ms // 2)
    again = _truncate(answer.item["id"], ms=ms // 4)
    error = await probe.refusal(wire, again, accepted="conversation.item.truncated")
    probe.refused(error, code="item_already_truncated")


@_section.check("15.23", proves=("refusals.no_such_item_to_truncate",))
async def what_is_not_there_cannot_be_cut(probe: Probe) -> None:
    """Truncating an unknown item is refused.

    False when: it is accepted; loosely, when the code is another.
    Source: Assumed {OAI}, behaviour 5.
    """
    wire = await talking(probe)
    error = await probe.refusal(wire, _truncate(ABSENT, ms=100), accepted="conversation.item.truncated")
    code = error["error"].get("code")
    probe.loosely(code == "item_truncate_invalid_item_id", "code item_truncate_invalid_item_id", code)


@_section.check("15.24", proves=("refusals.only_assistant_audio_truncates",))
async def only_what_the_assistant_spoke_can_be_cut(probe: Probe) -> None:
    """Truncating what the user has typed is refused.

    False when: it is accepted; loosely, when the words are others.
    Source: Documented {DOC}, schema B; Assumed {OAI}: the words.
    """
    wire = await talking(probe)
    item_id = (await typed(probe, wire, "Good morning."))["item"]["id"]
    error = await probe.refusal(wire, _truncate(item_id, ms=0), accepted="conversation.item.truncated")
    probe.refused(error, words="Only model output audio messages can be truncated")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
