"""13: functions of the client: when the model calls them, how a call looks, and what comes of its output."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vlclient.checks.answers import ABSENT, TEXT, Answer, ask, put, talking, typed
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.wire import Event, Wire

_section = Section(13, "Tools")

_TIDE: Final[Mapping[str, Any]] = {
    "type": "function",
    "name": "look_up_tide",
    "description": "When the water is high.",
    "parameters": {
        "type": "object",
        "properties": {"harbour": {"type": "string", "description": "Its name."}},
        "required": ["harbour"],
    },
}
_LAMP: Final[Mapping[str, Any]] = {
    "type": "function",
    "name": "light_the_lamp",
    "description": "Switch the lamp of the lighthouse on.",
    "parameters": {"type": "object", "properties": {"brightness": {"type": "integer"}}},
}
_QUESTION: Final = "When is high tide in Whitby?"
_OUTPUT: Final = '{"high_tide": "17:42"}'
_ARGUMENTS: Final = "response.function_call_arguments"
_CALL: Final = (
    "response.output_item.added",
    f"{_ARGUMENTS}.delta",
    f"{_ARGUMENTS}.done",
    "response.output_item.done",
)


async def _asked(probe: Probe, tool_choice: object, *, tools: tuple[Mapping[str, Any], ...] = (_TIDE, _LAMP)) -> Wire:
    """A session with tools, in which the user has asked for what one of them knows."""
    wire = await talking(probe, {"tools": list(tools), "tool_choice": tool_choice})
    await typed(probe, wire, _QUESTION)
    return wire


async def _called(probe: Probe) -> tuple[Wire, Answer, Event]:
    """A response with one call of ``look_up_tide``, no more than what is about that, and the call."""
    wire = await _asked(probe, {"type": "function", "name": "look_up_tide"})
    answer = await ask(probe, wire, TEXT)
    call = _only_call(probe, answer)
    return wire, answer.only(call), call


def _calls(answer: Answer) -> list[Event]:
    return [item for item in answer.output if item["type"] == "function_call"]


def _only_call(probe: Probe, answer: Answer) -> Event:
    calls = _calls(answer)
    _may_call_nothing(probe, calls)
    probe.require(len(calls) == 1, "one function_call", [item["type"] for item in answer.output])
    return calls[0]


def _may_call_nothing(probe: Probe, calls: Sequence[object]) -> None:
    """Observed {SDKT}, schema A6: realtime models need not obey a ``tool_choice`` that wants a call."""
    if not calls and probe.pipeline != "cascade":
        probe.inconclusive("the model called nothing, which a realtime model may do")


def _names_called(probe: Probe, answer: Answer) -> list[str]:
    """One that should be."""
    names = [call["name"] for call in _calls(answer)]
    _may_call_nothing(probe, names)
    return names


def _returned(call_id: str, **members: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": _OUTPUT, **members}


@_section.check("13.01", agents=False, responses=1, proves=("session.tools",))
async def a_required_tool_is_called(probe: Probe) -> None:
    """With ``tool_choice: required`` a response calls exactly one of the tools that are offered.

    False when: it calls none, or one that is not offered; loosely, when it calls several.
    Source: Observed {NETT}, behaviour 4.4.
    """
    answer = await ask(probe, await _asked(probe, "required"), TEXT)
    names = _names_called(probe, answer)
    probe.expect(len(names) > 0, "a call", names)
    probe.loosely(len(names) == 1, "one call", names)
    probe.expect(set(names) <= {"look_up_tide", "light_the_lamp"}, "one of those offered", names)


@_section.check("13.02", agents=False, responses=1, proves=("session.tool_choice",))
async def a_named_tool_is_called(probe: Probe) -> None:
    """With a function named in ``tool_choice`` a response calls that one, whatever the user asked for.

    False when: it calls another, or none.
    Source: Observed {NETT}, behaviour 4.4.
    """
    wire = await _asked(probe, {"type": "function", "name": "light_the_lamp"})
    names = _names_called(probe, await ask(probe, wire, TEXT))
    probe.expect(names == ["light_the_lamp"], "light_the_lamp", names)


@_section.check("13.03", agents=False, responses=1)
async def no_tool_is_called_where_none_may_be(probe: Probe) -> None:
    """With ``tool_choice: none`` a response calls nothing, and is a message.

    False when: it calls a tool, or says nothing.
    Source: Observed {NETT}, behaviour 4.4.
    """
    answer = await ask(probe, await _asked(probe, "none"), TEXT)
    types = [item["type"] for item in answer.output]
    probe.expect(types == ["message"], "a message", types)


@_section.check("13.04", agents=False, responses=1, proves=("response.tools", "response.tool_choice"))
async def one_response_may_have_tools_of_its_own(probe: Probe) -> None:
    """``tools`` and ``tool_choice`` of one response hold for it, and the session keeps its own.

    False when: the tool is not called, or the session has it afterwards.
    Source: Observed {VIBE, JOR}, behaviour 4.8.
    """
    wire = await _asked(probe, "none", tools=(_TIDE,))
    asked = {**TEXT, "tools": [_LAMP], "tool_choice": {"type": "function", "name": "light_the_lamp"}}
    names = _names_called(probe, await ask(probe, wire, asked))
    probe.expect(names == ["light_the_lamp"], "light_the_lamp", names)
    session = await probe.updated(wire, {})
    probe.expect(session["tool_choice"] == "none", "tool_choice none", session["tool_choice"])
    offered = [tool["name"] for tool in session["tools"]]
    probe.expect(offered == ["look_up_tide"], "look_up_tide", offered)


@_section.check(
    "13.05",
    agents=False,
    responses=1,
    proves=("response.function_call_arguments.delta", "response.function_call_arguments.done"),
)
async def a_call_comes_in_order(probe: Probe) -> None:
    """A call: item in progress without arguments, its arguments in deltas, all of them, item and response completed.

    False when: one of these is missing or comes at another place, or the status is another.
    Source: Observed {PAI, FON, NETT}, behaviour 4.4.
    """
    _, answer, call = await _called(probe)
    steps = [step for step in answer.steps() if step in _CALL]
    probe.expect(steps == list(_CALL), ", ".join(_CALL), steps)
    begun = answer.one("response.output_item.added")["item"]
    probe.expect(begun["type"] == "function_call", "a function_call", begun["type"])
    probe.expect(begun["name"] == "look_up_tide", "look_up_tide", begun["name"])
    probe.expect(begun["arguments"] == "", "no arguments", begun["arguments"])
    probe.expect(begun["status"] == "in_progress", "status in_progress", begun["status"])
    for item in (answer.one("response.output_item.done")["item"], call):
        probe.expect(item["status"] == "completed", "status completed", item["status"])


@_section.check("13.06", agents=False, responses=1, proves=("item.arguments",))
async def arguments_are_the_sum_of_their_deltas(probe: Probe) -> None:
    """The deltas of the arguments, put together, are the JSON object that their end, the item and the response say.

    False when: one of them is another, or no JSON object; loosely, when it lacks what the schema requires.
    Source: Observed {PAI, FON, NETT}, behaviour 4.4.
    """
    _, answer, call = await _called(probe)
    arguments = answer.joined(f"{_ARGUMENTS}.delta")
    said = {
        f"{_ARGUMENTS}.done": answer.one(f"{_ARGUMENTS}.done")["arguments"],
        "response.output_item.done": answer.one("response.output_item.done")["item"]["arguments"],
        "response.done": call["arguments"],
    }
    for where, text in said.items():
        probe.expect(text == arguments, arguments, f"{text} in {where}")
    value = _json(arguments)
    probe.require(isinstance(value, dict), "a JSON object", arguments)
    probe.loosely("harbour" in value, "a harbour", arguments)


@_section.check("13.07", agents=False, responses=1, proves=("item.call_id", "item.name"))
async def a_call_has_one_call_id(probe: Probe) -> None:
    """Whatever belongs to a call names it by the same ``call_id``, which is not the item's id; the end of the arguments
    names the function.

    False when: one of them is missing or another; loosely, when the id does not begin with call_.
    Source: Observed {PAI, FON, NETT}, behaviour 4.4.
    """
    _, answer, call = await _called(probe)
    call_id = call["call_id"]
    probe.expect(bool(call_id) and call_id != call["id"], "an id of its own", call_id)
    probe.loosely(str(call_id).startswith("call_"), "an id that begins with call_", call_id)
    done = answer.one(f"{_ARGUMENTS}.done")
    probe.expect(done["name"] == "look_up_tide", "look_up_tide", done["name"])
    named = {event["call_id"] for event in [*answer.of(f"{_ARGUMENTS}.delta"), done]}
    named |= {answer.one(f"response.output_item.{end}")["item"]["call_id"] for end in ("added", "done")}
    probe.expect(named == {call_id}, str(call_id), sorted(map(str, named)))


@_section.check("13.08", agents=False, responses=1)
async def a_call_joins_the_conversation(probe: Probe) -> None:
    """A call is an item of the conversation: announced, and retrieved with its arguments.

    False when: it is not announced once, or its arguments are others.
    Source: Observed {PAI, FON}, behaviour 4.4; Observed {SDKT, JAVAT} of retrieving, behaviour 5.
    """
    wire = await _asked(probe, {"type": "function", "name": "look_up_tide"})
    answer = await ask(probe, wire, TEXT)
    call = _only_call(probe, answer)
    announced = [event for event in answer.events if event["type"] == "conversation.item.created"]
    ids = [event["item"].get("id") for event in announced]
    probe.expect(ids.count(call["id"]) == 1, f"one conversation.item.created for {call['id']}", ids)
    await wire.send({"type": "conversation.item.retrieve", "item_id": call["id"]})
    kept = (await wire.next("conversation.item.retrieved"))["item"]
    probe.expect(kept["arguments"] == call["arguments"], call["arguments"], kept["arguments"])
    probe.expect(kept["call_id"] == call["call_id"], call["call_id"], kept["call_id"])


@_section.check("13.09", agents=False, responses=1, proves=("item.output",))
async def an_output_is_taken(probe: Probe) -> None:
    """The output of a call is echoed as an item behind the call, as it was sent; no response follows by itself.

    False when: it is refused or comes back otherwise, or a response begins; loosely, when it has a status, or stands
    behind another item.
    Source: Observed {PAI} of a native model, behaviour 4.4 and 5.
    """
    wire, _, call = await _called(probe)
    echo = await put(probe, wire, _returned(call["call_id"]))
    item = echo["item"]
    for member, value in _returned(call["call_id"]).items():
        probe.expect(item[member] == value, f"{member} {value}", item[member])
    probe.loosely(echo.get("previous_item_id") == call["id"], f"behind {call['id']}", echo.get("previous_item_id"))
    probe.loosely("status" not in item, "no status", item.get("status"))
    begun = [event["type"] for event in await wire.for_a_while() if event["type"] == "response.created"]
    probe.expect(not begun, "no response", begun)


@_section.check("13.10", agents=False, responses=2)
async def an_output_leads_to_an_answer(probe: Probe) -> None:
    """After a call and its output, the next response speaks to the user.

    False when: it does not complete, or is no message.
    Source: Observed {PAI, FON, NETT}, behaviour 4.4 and 8.1.
    """
    wire, _, call = await _called(probe)
    await put(probe, wire, _returned(call["call_id"]))
    answer = await ask(probe, wire, {**TEXT, "tool_choice": "none"})
    types = [item["type"] for item in answer.output]
    probe.expect(types == ["message"], "a message", types)


@_section.check("13.11", agents=False, responses=1)
async def an_output_need_not_wait_for_the_response(probe: Probe) -> None:
    """The output may be sent as soon as the arguments are complete, before ``response.done``.

    False when: it is refused, or the response does not complete.
    Source: Observed {PAI}, behaviour 4.4.
    """
    wire = await _asked(probe, {"type": "function", "name": "look_up_tide"})
    await wire.send({"type": "response.create", "response": TEXT})
    done = (await wire.until_any(f"{_ARGUMENTS}.done", "response.done"))[-1]
    if done["type"] == "response.done":
        probe.went_well(done["response"])
        _may_call_nothing(probe, ())
        probe.require(False, f"{_ARGUMENTS}.done", [item["type"] for item in done["response"]["output"]])
    await wire.send({"type": "conversation.item.create", "item": _returned(done["call_id"], id="item_output")})
    wanted = {"conversation.item.created", "response.done"}
    while wanted:
        event = await probe.answer(wire, "response.done", "conversation.item.created")
        probe.require(event["type"] != "error", "an item", event.get("error"))
        if event["type"] == "response.done":
            probe.went_well(event["response"])
            status = event["response"]["status"]
            probe.expect(status == "completed", "status completed", status)
        elif event["item"].get("id") != "item_output":
            continue
        wanted.discard(event["type"])


@_section.check("13.12", agents=False, responses=1)
async def calls_of_before_can_be_told(probe: Probe) -> None:
    """A client that comes back puts earlier calls and their outputs into the conversation, two of them before one
    response.

    False when: one is refused or comes back otherwise, or the response does not complete.
    Source: Documented, schema E1; Observed {NETT} of two outputs before one response, behaviour 4.4.
    """
    wire = await _asked(probe, "none")
    told = [_told("call_1", _TIDE, {"harbour": "Whitby"}), _told("call_2", _LAMP, {})]
    for item in [*told, _returned("call_1"), _returned("call_2")]:
        echo = (await put(probe, wire, item))["item"]
        for member, value in item.items():
            probe.expect(echo[member] == value, f"{member} {value}", echo[member])
    answer = await ask(probe, wire, TEXT)
    types = [item["type"] for item in answer.output]
    probe.expect(types == ["message"], "a message", types)


@_section.check("13.13", agents=False)
async def an_output_that_nobody_asked_for_does_no_harm(probe: Probe) -> None:
    """The output of a call that was never made is taken or refused, and the session goes on.

    False when: nothing comes back, or the next item is not taken.
    Source: Assumed, behaviour 8.2: no source says which.
    """
    wire = await talking(probe)
    await wire.send({"type": "conversation.item.create", "item": _returned(ABSENT)})
    answer = await probe.answer(wire, "conversation.item.created")
    if answer["type"] == "error":
        probe.refused(answer)
    await typed(probe, wire, _QUESTION)


@_section.check("13.14", agents=False, responses=1)
async def a_tool_may_be_chosen_by_its_bare_name(probe: Probe) -> None:
    """``tool_choice`` may be the name of a function as it stands.

    False when: another is called, or none; a server that refuses it does not offer it.
    Source: Documented {DOC}, schema D11.
    """
    wire = await _asked(probe, "light_the_lamp")
    names = _names_called(probe, await ask(probe, wire, TEXT))
    probe.expect(names == ["light_the_lamp"], "light_the_lamp", names)


@_section.check("13.15", agents=False, responses=1)
async def a_call_is_made_in_a_spoken_session_as_well(probe: Probe) -> None:
    """Where answers are spoken, a call is the same, and has no sound.

    False when: the call is not made, or comes with sound of its own.
    Source: Observed {PAI, FON, NETT}, behaviour 4.4.
    """
    wire = await _asked(probe, {"type": "function", "name": "look_up_tide"})
    answer = await ask(probe, wire)
    own = answer.only(_only_call(probe, answer)).steps()
    probe.expect(not [type for type in own if "audio" in type], "no sound", own)


def _told(call_id: str, tool: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": tool["name"], "arguments": json.dumps(arguments)}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
