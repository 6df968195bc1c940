"""12: what comes of ``response.create``, in words and in sound."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final

from vlclient.checks.answers import LONG, TEXT, Answer, ask, talking, typed
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.wire import Event

_section = Section(12, "Responses")

_SPOKEN: Final = (
    "response.output_item.added",
    "response.content_part.added",
    "response.audio.done",
    "response.audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
)
_WRITTEN: Final = (
    "response.output_item.added",
    "response.content_part.added",
    "response.text.delta",
    "response.text.done",
    "response.content_part.done",
    "response.output_item.done",
)
_TRANSCRIPT: Final = "response.audio_transcript.delta"
_SOUND: Final = "response.audio.delta"


async def _spoken(probe: Probe) -> Answer:
    wire = await talking(probe)
    await typed(probe, wire, "Say hello.")
    return await ask(probe, wire)


async def _written(probe: Probe) -> Answer:
    wire = await talking(probe)
    await typed(probe, wire, "Say hello.")
    return await ask(probe, wire, TEXT)


@_section.check("12.01", responses=1, proves=("response.create", "response.created"))
async def a_response_begins_with_nothing(probe: Probe) -> None:
    """``response.created`` comes before anything else of a response: in progress, without output, without usage.

    False when: status or output are others; loosely, when its usage is not null or its id does not begin with resp_.
    Source: Observed {FON, PAI, NB04}, behaviour 4.1; Documented {DOC} with a usage of zeros.
    """
    created = (await _written(probe)).created
    probe.expect(created["status"] == "in_progress", "status in_progress", created["status"])
    probe.expect(created["output"] == [], "no output", created["output"])
    probe.expect(created.get("status_details") is None, "no status_details", created.get("status_details"))
    probe.loosely(created.get("usage") is None, "usage null", created.get("usage"))
    probe.loosely(str(created["id"]).startswith("resp_"), "an id that begins with resp_", created["id"])


@_section.check("12.02", responses=2, proves=("response.done",))
async def a_response_begins_once_and_ends_once(probe: Probe) -> None:
    """For each ``response.created`` there is one ``response.done``, under an id of its own, and nothing after it.

    False when: one comes twice, two responses share an id, or an event of a response comes after its end.
    Source: Observed {FON, PAI}, Documented (schema C), behaviour 4.1.
    """
    wire = await talking(probe)
    await typed(probe, wire, "Say hello.")
    one = await ask(probe, wire, TEXT)
    other = await ask(probe, wire, TEXT)
    late = await wire.for_a_while()
    probe.expect(one.id != other.id, "two ids", one.id)
    everything = [*one.events, *other.events, *late]
    for answer in (one, other):
        for type in ("response.created", "response.done"):
            came = [event for event in everything if event["type"] == type and event["response"]["id"] == answer.id]
            probe.expect(len(came) == 1, f"one {type}", f"{len(came)} of them")
    after = [event["type"] for event in [*other.events, *late] if event.get("response_id") == one.id]
    after += [event["type"] for event in late if event.get("response_id") == other.id]
    probe.expect(not after, "nothing after response.done", after)


@_section.check("12.03", responses=1, proves=("response.output_item.added", "response.content_part.added"))
async def a_spoken_answer_comes_in_order(probe: Probe) -> None:
    """A spoken answer: item, part, words and sound, the end of sound, of words, of the part, of the item.

    False when: one of these is missing, comes twice, or a delta comes outside of its part; loosely, when the ends come
    in another order.
    Source: Observed {FON, PAI, NB04}, behaviour 4.1.
    """
    answer = await _spoken(probe)
    steps = answer.only(answer.item).steps()
    kept = [step for step in steps if step in _SPOKEN]
    probe.expect(sorted(kept) == sorted(_SPOKEN), f"each of {', '.join(_SPOKEN)}", kept)
    probe.loosely(kept == list(_SPOKEN), f"the order {', '.join(_SPOKEN)}", kept)
    for delta, end in ((_TRANSCRIPT, "response.audio_transcript.done"), (_SOUND, "response.audio.done")):
        probe.expect(_between(steps, "response.content_part.added", delta, end), f"{delta} within its part", steps)
    _ends_of_item_and_part(probe, steps)


@_section.check("12.04", responses=1, proves=("response.text.delta", "response.text.done"))
async def a_written_answer_comes_in_order(probe: Probe) -> None:
    """An answer in writing: item, part, words, the end of words, of the part, of the item; there is no sound.

    False when: one of these is missing or comes at another place, or an event of sound comes.
    Source: Observed {PAI}, behaviour 4.3.
    """
    answer = await _written(probe)
    steps = [step for step in answer.only(answer.item).steps() if step in _WRITTEN]
    probe.expect(steps == list(_WRITTEN), ", ".join(_WRITTEN), steps)
    sound = sorted({event["type"] for event in answer.own if event["type"].startswith("response.audio")})
    probe.expect(not sound, "no sound", sound)
    part = answer.one("response.content_part.added")["part"]
    probe.expect(part["type"] == "text", "a part of type text", part["type"])


@_section.check("12.05", responses=1, proves=("response.output_item.done", "response.content_part.done"))
async def an_answer_keeps_its_names(probe: Probe) -> None:
    """Each event of an answer names the response, the item and their places, and these are always the same.

    False when: one names another response, item or place, or lacks one that it should have.
    Source: Observed {FON, PAI}, Documented (schema C), behaviour 4.1.
    """
    answer = await _spoken(probe)
    places = {item["id"]: place for place, item in enumerate(answer.output)}
    for event in answer.own:
        type = event["type"]
        whole = type.startswith("response.output_item.")
        item_id = event["item"]["id"] if whole else event["item_id"]
        probe.require(item_id in places, f"an item of response.done, {', '.join(places)}", f"{item_id} in {type}")
        place = event["output_index"]
        probe.expect(place == places[item_id], f"output_index {places[item_id]}", f"{place} in {type}")
        if not whole:
            probe.expect(event["content_index"] == 0, "content_index 0", f"{event['content_index']} in {type}")


@_section.check("12.06", responses=1, proves=("response.audio_transcript.delta", "response.audio_transcript.done"))
async def a_transcript_is_the_sum_of_its_deltas(probe: Probe) -> None:
    """The deltas of a transcript, put together, are the transcript that its end, the part, the item and the response
    say.

    False when: one of them is another, or empty; loosely, when one is null: it may be (schema E3).
    Source: Observed {NETT}, behaviour 4.1.
    """
    answer = await _spoken(probe)
    words = answer.joined(_TRANSCRIPT)
    probe.expect(bool(words), "words", "none")
    said = {
        "response.audio_transcript.done": answer.one("response.audio_transcript.done")["transcript"],
        "response.content_part.done": answer.one("response.content_part.done")["part"].get("transcript"),
        "response.output_item.done": _content(answer.one("response.output_item.done")["item"]).get("transcript"),
        "response.done": _content(answer.item).get("transcript"),
    }
    for where, text in said.items():
        probe.loosely(text is not None, words, f"none in {where}")
        probe.expect(text in (words, None), words, f"{text!r} in {where}")


@_section.check("12.07", responses=1)
async def a_text_is_the_sum_of_its_deltas(probe: Probe) -> None:
    """The deltas of a text, put together, are the text that its end, the item and the response say.

    False when: one of them is another, or empty; loosely, when ``response.content_part.done`` says it in a native
    pipeline, or does not say it in another.
    Source: Observed {PAI}, behaviour 4.3.
    """
    answer = await _written(probe)
    words = answer.joined("response.text.delta")
    probe.expect(bool(words), "words", "none")
    said = {
        "response.text.done": answer.one("response.text.done")["text"],
        "response.output_item.done": _content(answer.one("response.output_item.done")["item"])["text"],
        "response.done": _content(answer.item)["text"],
    }
    for where, text in said.items():
        probe.expect(text == words, words, f"{text!r} in {where}")
    part = answer.one("response.content_part.done")["part"].get("text")
    wanted = "" if probe.pipeline == "native" else words
    probe.loosely(part == wanted, f"the text {wanted!r} in response.content_part.done", part)


@_section.check("12.08", responses=1, proves=("response.audio.delta", "response.audio.done"))
async def sound_comes_in_whole_samples(probe: Probe) -> None:
    """Sound is base64, and each piece of it a whole number of samples, as the session's ``pcm16`` has them.

    False when: a piece is no base64, is empty, or ends within a sample; or there is none.
    Source: Observed {FON, NB04, PAI}, behaviour 4.2: pieces of 9600, 14400, 24000 and 4096 bytes.
    """
    deltas = (await _spoken(probe)).of(_SOUND)
    probe.require(bool(deltas), "sound", "none")
    for delta in deltas:
        size = _size(delta["delta"])
        probe.require(size is not None, "base64", "something else")
        probe.expect(bool(size) and not (size or 0) % 2, "a whole number of samples", f"{size} bytes")


@_section.check("12.09", responses=1)
async def usage_adds_up(probe: Probe) -> None:
    """What a response has used is all of input and output together; an answer has cost some of both.

    False when: the sum is another, a number is missing or negative, or there is no output; loosely, when text and audio
    are not all of the output.
    Source: Observed {FON}, behaviour 4.10.
    """
    usage = (await _spoken(probe)).done["usage"]
    total, received, made = (usage[f"{name}_tokens"] for name in ("total", "input", "output"))
    probe.expect(total == received + made, f"total {received + made}", total)
    probe.expect(received > 0 and made > 0, "input and output", f"{received} and {made}")
    details = usage["output_token_details"]
    parts = details["text_tokens"] + details["audio_tokens"]
    probe.loosely(parts + (details.get("reasoning_tokens") or 0) in (made, parts + made), f"{made} in parts", parts)
    _no_negative(probe, usage)


@_section.check("12.10", responses=1)
async def an_answer_joins_the_conversation(probe: Probe) -> None:
    """The item of an answer is announced behind what it answers, as soon as it begins.

    False when: it is not announced, or behind another item.
    Source: Observed {FON, PAI, NB04}, behaviour 4.1.
    """
    wire = await talking(probe)
    question = await typed(probe, wire, "Say hello.")
    answer = await ask(probe, wire, TEXT)
    announced = [
        event
        for event in answer.events
        if event["type"] == "conversation.item.created" and event["item"].get("id") == answer.item["id"]
    ]
    probe.require(len(announced) == 1, "one conversation.item.created", f"{len(announced)} of them")
    previous = announced[0].get("previous_item_id")
    probe.expect(previous == question["item"]["id"], f"behind {question['item']['id']}", previous)


@_section.check("12.11", agents=False, responses=1)
async def a_response_looks_as_its_pipeline_has_it(probe: Probe) -> None:
    """Cascades have no ``conversation_id``, no format and no limit to show; realtime models have all three.

    False when: a member is missing; loosely, when its value is another.
    Source: Observed {FON, PAI}, behaviour, fact 1.
    """
    created = (await _spoken(probe)).created
    cascade = probe.pipeline == "cascade"
    wanted: dict[str, Any] = {
        "output_audio_format": None if cascade else "pcm16",
        "max_output_tokens": None if cascade else "inf",
    }
    for member, value in wanted.items():
        probe.loosely(created.get(member) == value, f"{member} {value!r}", created.get(member))
    conversation = created["conversation_id"]
    begins = conversation == "" if cascade else str(conversation).startswith("conv_")
    probe.loosely(begins, "''" if cascade else "an id that begins with conv_", conversation)


@_section.check("12.12", agents=False, responses=1)
async def an_item_looks_as_its_pipeline_has_it(probe: Probe) -> None:
    """A cascade's items are called ``msg_…`` and begin incomplete; those of realtime models ``item_…``, in progress.

    False when: an item is complete when it begins, or is not when it ends; loosely, when name or status are others.
    Source: Observed {FON, PAI, NB04}, behaviour, fact 1.
    """
    answer = await _written(probe)
    begun = answer.one("response.output_item.added")["item"]
    probe.expect(begun["status"] != "completed", "an item that is not complete", begun["status"])
    probe.expect(begun["content"] == [], "no content", begun["content"])
    probe.expect(answer.item["status"] == "completed", "status completed in the end", answer.item["status"])
    prefix, status = ("msg_", "incomplete") if probe.pipeline == "cascade" else ("item_", "in_progress")
    probe.loosely(str(begun["id"]).startswith(prefix), f"an id that begins with {prefix}", begun["id"])
    probe.loosely(begun["status"] == status, f"status {status}", begun["status"])


@_section.check("12.13", responses=1, proves=("refusals.active_response",))
async def there_is_one_response_at_a_time(probe: Probe) -> None:
    """A ``response.create`` while a response is active is refused, begins none, and leaves the active one alone.

    False when: it is accepted, the code is not conversation_already_has_active_response, or the active one is not
    completed.
    Source: Observed {VIBE, ILA}, behaviour, fact 9 and 4.8.
    """
    wire = await talking(probe)
    await typed(probe, wire, LONG)
    await wire.send({"type": "response.create"})
    active = await wire.next("response.created")
    await wire.send({"type": "response.create", "event_id": "too-soon"})
    events = await wire.until("response.done", where=lambda event: event["response"]["id"] == active["response"]["id"])
    errors = [event for event in events if event["type"] == "error"]
    if not errors:
        probe.inconclusive("the response was over before another could be asked for")
    probe.went_well(events[-1]["response"])
    probe.refused(errors[0], code="conversation_already_has_active_response", words="active response")
    named = errors[0]["error"].get("event_id")
    probe.expect(named == "too-soon", "error.event_id too-soon", named)
    begun = [event["response"]["id"] for event in [*events, *await wire.for_a_while()] if _begins(event)]
    probe.expect(not begun, "no second response", begun)
    status = events[-1]["response"]["status"]
    probe.expect(status == "completed", "status completed", status)


@_section.check("12.14", responses=1)
async def an_answer_needs_no_question(probe: Probe) -> None:
    """A response to an empty conversation is a greeting: the model speaks first where it is asked to.

    False when: it is refused, or nothing comes of it.
    Source: Observed {FON, ILA}, behaviour 4.8 and 8.1.
    """
    wire = await talking(probe)
    answer = await ask(probe, wire, TEXT)
    probe.expect(answer.item["type"] == "message", "a message", answer.item["type"])
    probe.expect(answer.item["role"] == "assistant", "of the assistant", answer.item["role"])


@_section.check("12.15", responses=1, proves=("item.content.text",))
async def an_answer_to_several_messages_is_one(probe: Probe) -> None:
    """Three messages in a row and one ``response.create`` are answered by one response.

    False when: there are several.
    Source: Observed {PAI, NETT}, behaviour 5: an item never starts a response.
    """
    wire = await talking(probe)
    for text in ("My name is Robin.", "I live in a lighthouse.", "Say hello."):
        await typed(probe, wire, text)
    await ask(probe, wire, TEXT)
    more = [event["type"] for event in await wire.for_a_while() if _begins(event)]
    probe.expect(not more, "one response", more)


def _between(steps: Sequence[str], first: str, middle: str, last: str) -> bool:
    """Whether all of the middle stand between the two."""
    places = [place for place, step in enumerate(steps) if step == middle]
    if not places or first not in steps or last not in steps:
        return False
    return steps.index(first) < places[0] and places[-1] < steps.index(last)


def _ends_of_item_and_part(probe: Probe, steps: Sequence[str]) -> None:
    first, last = list(steps[:2]), list(steps[-2:])
    probe.expect(first == list(_SPOKEN[:2]), "item and part first", first)
    probe.expect(last == list(_SPOKEN[-2:]), "part and item last", last)


def _content(item: Event) -> Event:
    content: list[Event] = item["content"]
    return content[0] if content else Event()


def _size(text: str) -> int | None:
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return None


def _no_negative(probe: Probe, usage: Event) -> None:
    for name, value in usage.items():
        if isinstance(value, Event):
            _no_negative(probe, value)
        elif value is not None:
            probe.expect(isinstance(value, int) and value >= 0, f"{name} of 0 or more", value)


def _begins(event: Event) -> bool:
    return bool(event["type"] == "response.created")
