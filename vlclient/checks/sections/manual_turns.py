"""7: turns whose end the client tells, with ``turn_detection`` null."""

import base64
from typing import Final

from vlclient.checks import speech
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.turns import BY_HAND, TAIL_S, append, commit, item_of, request, say, types
from vlclient.checks.verdicts import NotOffered
from vlclient.checks.wire import Event, Wire

_section = Section(7, "Manual turns")

_QUESTION_S: Final = speech.WEATHER_S + TAIL_S
_COMMITTED: Final = "input_audio_buffer.committed"
_CREATED: Final = "response.created"


async def _said(probe: Probe) -> tuple[Wire, Event, list[Event]]:
    """A session in which a question was said and committed; the commit, and all up to its item."""
    wire = await probe.session(BY_HAND)
    await append(wire, speech.weather())
    return wire, *await _committed(probe, wire)


async def _committed(probe: Probe, wire: Wire) -> tuple[Event, list[Event]]:
    """Observed {FON}, behaviour 3.4: a cascade may keep the item back until the client says something."""
    await commit(wire)
    events = await wire.until(_COMMITTED)
    if probe.pipeline == "cascade":
        await wire.send({"type": "session.update", "session": {}})
    return events[-1], events + await item_of(wire, events[-1]["item_id"])


@_section.check("7.01", audio_s=_QUESTION_S)
async def nobody_listens_then(probe: Probe) -> None:
    """Without turn detection a spoken question brings about nothing by itself.

    False when: an event comes.
    Source: Observed {SDKT}, Documented {DOC}, behaviour 3.4.
    """
    wire = await probe.session(BY_HAND)
    await say(wire)
    came = types(await wire.for_a_while())
    probe.expect(not came, "silence", came)


@_section.check("7.02", audio_s=speech.WEATHER_S)
async def a_commit_makes_an_item(probe: Probe) -> None:
    """A commit is answered with ``committed``, once, and with a message of the user's that it names.

    False when: the item does not come, or is none of the user's sound, or there are two commits.
    Source: Observed {FON, NETT}, behaviour 3.4.
    """
    _, committed, events = await _said(probe)
    probe.expect(isinstance(committed["item_id"], str), "an item id", committed["item_id"])
    commits = types(events).count(_COMMITTED)
    probe.expect(commits == 1, f"one {_COMMITTED}", commits)
    item = events[-1]["item"]
    said = (item.get("type"), item.get("role"), [part.get("type") for part in item["content"]])
    probe.expect(said == ("message", "user", ["input_audio"]), "a message of the user's, input_audio", said)


@_section.check("7.03", audio_s=speech.WEATHER_S, pipelines=("cascade",))
async def a_cascade_writes_down_what_was_committed(probe: Probe) -> None:
    """A text model's user item comes after its transcript, and has it in it.

    False when: the item comes first, or says something else.
    Source: Observed {FON, NETT}, behaviour 3.4.
    """
    _, _, events = await _said(probe)
    completed = [event for event in events if event["type"].endswith("input_audio_transcription.completed")]
    probe.require(bool(completed), "the transcript before the item", ", ".join(types(events)))
    written = events[-1]["item"]["content"][0].get("transcript")
    probe.expect(written == completed[0]["transcript"], f"transcript {completed[0]['transcript']!r}", written)


@_section.check("7.04", audio_s=speech.WEATHER_S)
async def a_commit_starts_no_response(probe: Probe) -> None:
    """After a commit the service waits for ``response.create``.

    False when: a response begins.
    Source: Observed {SDKT}, Documented {DOC}, behaviour 3.4.
    """
    wire, _, events = await _said(probe)
    came = types([*events, *await wire.for_a_while()])
    probe.expect(_CREATED not in came, "no response.created", came)


@_section.check("7.05", audio_s=speech.WEATHER_S, responses=1)
async def a_committed_turn_is_answered_when_asked(probe: Probe) -> None:
    """``response.create`` after the item begins a response.

    False when: it is refused, or nothing begins.
    Source: Observed {SDKT}, Documented {DOC}, behaviour 3.4.
    """
    wire, _, _ = await _said(probe)
    await request(wire)
    answer = await probe.answer(wire, _CREATED)
    probe.require(answer["type"] == _CREATED, _CREATED, answer.get("error"))
    await wire.send({"type": "response.cancel"})


@_section.check("7.06", audio_s=speech.WEATHER_S, responses=1)
async def commit_and_request_may_be_sent_together(probe: Probe) -> None:
    """A client need not wait for the item: ``response.create`` right behind the commit is answered after it.

    False when: it is refused, nothing begins, or there is no commit; loosely, when the response begins before that.
    Source: Observed {FON}, behaviour 3.4; Assumed {OAI} of the order.
    """
    wire = await probe.session(BY_HAND)
    await append(wire, speech.weather())
    await commit(wire)
    await request(wire)
    came: list[str] = []
    while not {_COMMITTED, _CREATED} <= set(came):
        answer = await probe.answer(wire, *{_COMMITTED, _CREATED}.difference(came))
        probe.require(answer["type"] != "error", f"{_COMMITTED}, {_CREATED}", answer.get("error"))
        came.append(answer["type"])
    probe.loosely(came == [_COMMITTED, _CREATED], f"{_COMMITTED}, {_CREATED}", came)
    await wire.send({"type": "response.cancel"})


@_section.check("7.07", audio_s=speech.WEATHER_S + speech.LONDON_S)
async def each_commit_names_the_one_before(probe: Probe) -> None:
    """Two commits are two items, and the second names the first.

    False when: it names another, or they have one id.
    Source: Observed {FON}, behaviour, fact 1 and 3.3.
    """
    wire, first, _ = await _said(probe)
    await append(wire, speech.london())
    second, _ = await _committed(probe, wire)
    probe.expect(second["item_id"] != first["item_id"], "an item of its own", second["item_id"])
    before = second.get("previous_item_id")
    probe.expect(before == first["item_id"], f"previous_item_id {first['item_id']}", before)


@_section.check("7.08", audio_s=speech.WEATHER_S)
async def what_was_said_can_be_had_back(probe: Probe) -> None:
    """``conversation.item.retrieve`` of a committed turn brings its sound, as much of it as was sent.

    False when: the item has no sound; loosely, when it is longer or shorter by more than a tenth.
    Source: Observed {SDKT, JAVAT}, behaviour 5.
    """
    wire, committed, _ = await _said(probe)
    await wire.send({"type": "conversation.item.retrieve", "item_id": committed["item_id"]})
    answer = await probe.answer(wire, "conversation.item.retrieved")
    probe.require(answer["type"] != "error", "conversation.item.retrieved", answer.get("error"))
    audio = answer["item"]["content"][0].get("audio")
    probe.require(isinstance(audio, str) and bool(audio), "audio in base64", type(audio).__name__)
    seconds = speech.PCM24.duration_ms(len(base64.b64decode(audio))) / 1000
    close = abs(seconds - speech.WEATHER_S) <= speech.WEATHER_S / 10
    probe.loosely(close, f"{speech.WEATHER_S:g} s", f"{seconds:.2f} s")


@_section.check("7.09", audio_s=speech.WEATHER_S)
async def a_turn_may_have_a_name_of_the_clients(probe: Probe) -> None:
    """``input_audio.turn.start``, ``append`` and ``end`` make a user item of what lies between them.

    False when: nothing is committed, and no ``error`` says why.
    Source: Assumed of what they do; Documented {SDK}, schema B 5 to 8, which names the events.
    """
    wire = await probe.session(BY_HAND)
    audio = base64.b64encode(speech.weather()).decode()
    for event in (
        {"type": "input_audio.turn.start", "turn_id": "turn-1"},
        {"type": "input_audio.turn.append", "turn_id": "turn-1", "audio": audio},
        {"type": "input_audio.turn.end", "turn_id": "turn-1"},
    ):
        await wire.send(event)
    answer = await probe.answer(wire, _COMMITTED)
    if answer["type"] == "error":
        raise NotOffered(f"turns of the client's own are refused: {answer['error'].get('message')}")
    await item_of(wire, answer["item_id"])
