"""17: how a connection ends, and what is left of it."""

import asyncio

from vlclient.checks.answers import LONG, message, put, talking, typed
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.wire import Closed, Wire

_section = Section(17, "Close")

_GOING_AWAY = 1001
_NO_TEXT = 1007


async def _goodbye(wire: Wire, code: int = 1000) -> Closed:
    """How the server answers the client's close; what it still says is read."""
    closed, _ = await asyncio.gather(wire.end(), wire.close(code))
    return closed


@_section.check("17.01")
async def a_goodbye_is_answered(probe: Probe) -> None:
    """Close 1000 of the client is answered with close 1000.

    False when: it is not answered, or with another code.
    Source: Observed {SEED}, behaviour 1.3 and 1.5.
    """
    closed = await _goodbye(await talking(probe))
    probe.expect(closed.code == 1000, "close 1000", f"close {closed.code}")


@_section.check("17.02")
async def a_goodbye_before_anything_was_said_is_answered(probe: Probe) -> None:
    """A client may close as soon as it is greeted.

    False when: close 1000 is not answered, or with another code.
    Source: Assumed so early; Observed {SEED} at other times, behaviour 1.5.
    """
    wire, _ = await probe.created()
    closed = await _goodbye(wire)
    probe.expect(closed.code == 1000, "close 1000", f"close {closed.code}")


@_section.check("17.03", responses=1)
async def a_goodbye_in_the_middle_of_a_response_is_answered(probe: Probe) -> None:
    """A client may close while a response is active.

    False when: close 1000 is not answered, or with another code.
    Source: Assumed during a response; Observed {SEED} at other times, behaviour 1.5.
    """
    wire = await talking(probe)
    await typed(probe, wire, LONG)
    await wire.send({"type": "response.create"})
    await wire.next("response.output_item.added")
    closed = await _goodbye(wire)
    probe.expect(closed.code == 1000, "close 1000", f"close {closed.code}")


@_section.check("17.04")
async def a_client_may_go_away(probe: Probe) -> None:
    """Close 1001 of the client, as browsers send it, is answered.

    False when: it is not answered; loosely, when the answer is neither 1001 nor 1000.
    Source: Documented (RFC 6455, section 5.5.1); Assumed of the service.
    """
    closed = await _goodbye(await talking(probe), _GOING_AWAY)
    probe.expect(closed.code != 1006, "an answer", "none")
    probe.loosely(closed.code in (_GOING_AWAY, 1000), "close 1001 or 1000", f"close {closed.code}")


@_section.check("17.05", agents=False, connections=2)
async def nothing_outlives_a_connection(probe: Probe) -> None:
    """After a close a new connection is a new session: another id, its own settings, no item of before.

    False when: the id is the same, or the instructions or an item of before are still there.
    Source: Observed {FON}, Documented {DOC}, behaviour 1.4.
    """
    wire, first = await probe.created()
    await probe.updated(wire, {"instructions": "Speak of lighthouses only."})
    await put(probe, wire, message("Good morning.", id="item_before"))
    await _goodbye(wire)
    wire, second = await probe.created()
    probe.expect(first["session"]["id"] != second["session"]["id"], "another id", second["session"]["id"])
    instructions = str(second["session"].get("instructions"))
    probe.expect("lighthouses" not in instructions, "instructions of its own", instructions)
    session = await probe.updated(wire, {"voice": probe.server.voice})
    probe.expect("lighthouses" not in str(session["instructions"]), "its own instructions", session["instructions"])
    retrieve = {"type": "conversation.item.retrieve", "item_id": "item_before"}
    await probe.refusal(wire, retrieve, accepted="conversation.item.retrieved")


@_section.check("17.06", connections=2)
async def others_do_not_hear_of_a_goodbye(probe: Probe) -> None:
    """When one connection is closed, another one goes on.

    False when: the other is closed as well, or says something unasked.
    Source: Observed {FON, PAI}, behaviour 1.5; Assumed of two at once.
    """
    one, other = await talking(probe), await talking(probe)
    await _goodbye(one)
    came = [event["type"] for event in await other.for_a_while()]
    probe.expect(not came, "silence", came)
    await typed(probe, other, "Good morning.")


@_section.check("17.07")
async def text_that_is_no_text_ends_a_connection(probe: Probe) -> None:
    """A text frame that is not UTF-8 breaks the protocol below the events: close 1007.

    False when: nothing happens; loosely, when it is refused with an ``error``, or closed with another code.
    Source: Documented (RFC 6455, section 8.1); Assumed of the service.
    """
    wire = await talking(probe)
    try:
        await wire.send_bytes(b"\xff\xfe\xfd", as_text=True)
        answer = await wire.next("error")
    except Closed as closed:
        probe.loosely(closed.code == _NO_TEXT, f"close {_NO_TEXT}", f"close {closed.code}")
        return
    probe.loosely(False, f"close {_NO_TEXT}", answer["error"].get("message"))
