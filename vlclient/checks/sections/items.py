"""15: the conversation as a list of items: put in, looked at, taken out."""

from typing import Any, Final

from vlclient.checks.answers import ABSENT, message, put, talking, typed
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.wire import Event, Wire

_section = Section(15, "Items")

_CREATED: Final = "conversation.item.created"


def _retrieve(item_id: str) -> dict[str, str]:
    return {"type": "conversation.item.retrieve", "item_id": item_id}


def _delete(item_id: str) -> dict[str, str]:
    return {"type": "conversation.item.delete", "item_id": item_id}


def _create(item: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"type": "conversation.item.create", "item": item, **members}


async def _retrieved(probe: Probe, wire: Wire, item_id: str) -> Event:
    await wire.send(_retrieve(item_id))
    answer = await probe.answer(wire, "conversation.item.retrieved")
    probe.require(answer["type"] != "error", "conversation.item.retrieved", answer.get("error"))
    item: Event = answer["item"]
    return item


@_section.check("15.01", proves=("conversation.item.create", "conversation.item.created", "item.id"))
async def an_item_keeps_the_name_its_client_gave(probe: Probe) -> None:
    """An item that comes with an ``id`` is echoed with it, complete: type, role, words.

    False when: one of these is another.
    Source: Observed {PAI, NETT}, behaviour 5.
    """
    sent = message("Good morning. Ärger, 灯台, 🗼.", id="item_of_the_client")
    item = (await put(probe, await talking(probe), sent))["item"]
    for member in ("id", "type", "role"):
        probe.expect(item[member] == sent[member], f"{member} {sent[member]}", item[member])
    words = [part.get("text") for part in item["content"]]
    probe.expect(words == [sent["content"][0]["text"]], sent["content"][0]["text"], words)
    probe.expect(item["content"][0]["type"] == "input_text", "input_text", item["content"][0]["type"])
    probe.expect(item["status"] == "completed", "status completed", item["status"])


@_section.check("15.02")
async def an_item_without_a_name_gets_one(probe: Probe) -> None:
    """An item without an ``id`` is given one; two items get two.

    False when: it is missing, or comes twice; loosely, when it does not begin with item_.
    Source: Observed {PAI, NETT}, behaviour 5.
    """
    wire = await talking(probe)
    ids = [(await typed(probe, wire, text))["item"]["id"] for text in ("One.", "Two.")]
    probe.expect(all(ids) and ids[0] != ids[1], "two ids", ids)
    probe.loosely(all(str(name).startswith("item_") for name in ids), "ids that begin with item_", ids)


@_section.check("15.03", agents=False)
async def the_first_item_has_none_before_it(probe: Probe) -> None:
    """The ``previous_item_id`` of the first item is null.

    False when: it names an item; loosely, when it is an empty string.
    Source: Observed {PAI}, {NETT} with empty strings, behaviour 5.
    """
    previous = (await typed(probe, await talking(probe), "One."))["previous_item_id"]
    probe.expect(not previous, "null", previous)
    probe.loosely(previous is None, "null", previous)


@_section.check("15.04")
async def items_stand_in_the_order_in_which_they_were_sent(probe: Probe) -> None:
    """Items that are sent without waiting are echoed in their order, each behind the one before.

    False when: the order is another, or one names another as the one before it; loosely, when it names none.
    Source: Observed {PAI, NETT}, behaviour 5.
    """
    wire = await talking(probe)
    ids = [f"item_{number}" for number in range(5)]
    for item_id in ids:
        await wire.send(_create(message("Go on.", id=item_id)))
    echoes = [await wire.next(_CREATED) for _ in ids]
    came = [echo["item"]["id"] for echo in echoes]
    probe.expect(came == ids, ", ".join(ids), came)
    for echo, before in zip(echoes[1:], ids, strict=False):
        previous = echo.get("previous_item_id")
        probe.expect(previous in (before, None, ""), f"behind {before}", previous)
        probe.loosely(previous == before, f"behind {before}", previous)


@_section.check("15.05")
async def an_item_may_stand_behind_a_certain_other(probe: Probe) -> None:
    """``previous_item_id`` says behind which item a new one stands, and is echoed.

    False when: it is refused, or another one is echoed.
    Source: Documented {DOC}, schema B.
    """
    wire = await talking(probe)
    for item_id in ("item_1", "item_3"):
        await put(probe, wire, message("Go on.", id=item_id))
    echo = await put(probe, wire, message("Go on.", id="item_2"), previous_item_id="item_1")
    probe.expect(echo["previous_item_id"] == "item_1", "behind item_1", echo["previous_item_id"])


@_section.check("15.06")
async def an_item_may_stand_before_all_others(probe: Probe) -> None:
    """``previous_item_id: root`` puts an item at the beginning, where nothing is before it.

    False when: it is refused, or an item is named before it; loosely, when what is echoed is not null.
    Source: Documented {DOC}, schema B.
    """
    wire = await talking(probe)
    await put(probe, wire, message("Go on.", id="item_2"))
    previous = (await put(probe, wire, message("Go on.", id="item_1"), previous_item_id="root"))["previous_item_id"]
    probe.expect(previous != "item_2", "nothing before it", previous)
    probe.loosely(previous is None, "null", previous)


@_section.check("15.07", proves=("refusals.no_such_previous_item",))
async def an_item_cannot_stand_behind_one_that_is_not_there(probe: Probe) -> None:
    """A ``previous_item_id`` that names no item is refused, and the item is not added.

    False when: it is accepted, or can be retrieved; loosely, when the code is another.
    Source: Documented {DOC}, schema B; Assumed {OAI}: the code, of which there are two.
    """
    wire = await talking(probe)
    event = _create(message("Go on.", id="item_lost"), previous_item_id=ABSENT)
    error = await probe.refusal(wire, event, accepted=_CREATED)
    code = error["error"].get("code")
    codes = ("item_create_invalid_previous_item_id", "item_not_found")
    probe.loosely(code in codes, f"code {' or '.join(codes)}", code)
    await probe.refusal(wire, _retrieve("item_lost"), accepted="conversation.item.retrieved", event_id="again")


@_section.check("15.08", proves=("refusals.duplicate_item_id",))
async def a_name_is_given_once(probe: Probe) -> None:
    """A second item with the ``id`` of another is refused, and the first stays as it is.

    False when: it is accepted, or the first has changed; loosely, when code or ``param`` are others.
    Source: Assumed {OAI}, behaviour 5.
    """
    wire = await talking(probe)
    await put(probe, wire, message("The first.", id="item_twice"))
    error = await probe.refusal(wire, _create(message("The second.", id="item_twice")), accepted=_CREATED)
    details = error["error"]
    probe.loosely(details.get("code") == "invalid_value", "code invalid_value", details.get("code"))
    probe.loosely(details.get("param") == "item.id", "param item.id", details.get("param"))
    text = (await _retrieved(probe, wire, "item_twice"))["content"][0].get("text")
    probe.expect(text == "The first.", "The first.", text)


@_section.check("15.09", agents=False, proves=("item.content",))
async def words_of_the_assistant_are_called_text(probe: Probe) -> None:
    """A message of the assistant, with a part ``text`` or ``output_text``, is echoed with a part ``text``.

    False when: one is refused, or echoed with other words; loosely, when the part is called otherwise.
    Source: Observed {PAI}, behaviour 5.
    """
    wire = await talking(probe)
    for name in ("text", "output_text"):
        sent = {"type": "message", "role": "assistant", "content": [{"type": name, "text": "Good morning."}]}
        part = (await put(probe, wire, sent))["item"]["content"][0]
        probe.expect(part.get("text") == "Good morning.", "Good morning.", part.get("text"))
        probe.loosely(part["type"] == "text", "a part of type text", part["type"])


@_section.check("15.10", proves=("item.role",))
async def there_may_be_items_of_the_system(probe: Probe) -> None:
    """A message of the system is an item like any other.

    False when: it is refused, or echoed with another role.
    Source: Observed {PAI, NETT}, behaviour 5: also where an agent answers.
    """
    echo = await put(probe, await talking(probe), message("The tide is high.", role="system"))
    probe.expect(echo["item"]["role"] == "system", "role system", echo["item"]["role"])


@_section.check("15.11")
async def an_item_is_no_request(probe: Probe) -> None:
    """An item alone never starts a response.

    False when: one begins.
    Source: Observed {PAI, NETT, SDKT}, behaviour 5.
    """
    wire = await talking(probe)
    await typed(probe, wire, "Say hello.")
    begun = [event["type"] for event in await wire.for_a_while() if event["type"] == "response.created"]
    probe.expect(not begun, "no response", begun)


@_section.check("15.12", proves=("conversation.item.retrieve", "conversation.item.retrieved"))
async def an_item_can_be_looked_at(probe: Probe) -> None:
    """``conversation.item.retrieve`` shows an item as it was echoed.

    False when: its id, role or words are others.
    Source: Observed {SDKT, JAVAT}, behaviour 5.
    """
    wire = await talking(probe)
    echoed = (await typed(probe, wire, "Good morning."))["item"]
    item = await _retrieved(probe, wire, echoed["id"])
    for member in ("id", "type", "role", "content"):
        probe.expect(item[member] == echoed[member], f"{member} {echoed[member]}", item[member])


@_section.check("15.13", proves=("refusals.no_such_item_to_retrieve",))
async def what_is_not_there_cannot_be_looked_at(probe: Probe) -> None:
    """Retrieving an unknown item is refused.

    False when: something is retrieved; loosely, when the code is another.
    Source: Assumed {OAI}, behaviour 5.
    """
    error = await probe.refusal(await talking(probe), _retrieve(ABSENT), accepted="conversation.item.retrieved")
    code = error["error"].get("code")
    probe.loosely(code == "item_retrieve_invalid_item_id", "code item_retrieve_invalid_item_id", code)


@_section.check("15.14", proves=("conversation.item.delete", "conversation.item.deleted"))
async def an_item_can_be_taken_out(probe: Probe) -> None:
    """A deleted item is named in ``conversation.item.deleted``, and is no longer there.

    False when: another is named, or it can still be retrieved.
    Source: Observed {BANK, SDKT}, behaviour 5.
    """
    wire = await talking(probe)
    item_id = (await typed(probe, wire, "Good morning."))["item"]["id"]
    await wire.send(_delete(item_id))
    deleted = await probe.answer(wire, "conversation.item.deleted")
    probe.require(deleted["type"] != "error", "conversation.item.deleted", deleted.get("error"))
    probe.expect(deleted["item_id"] == item_id, item_id, deleted["item_id"])
    await probe.refusal(wire, _retrieve(item_id), accepted="conversation.item.retrieved")


@_section.check("15.15", proves=("refusals.no_such_item_to_delete",))
async def an_item_is_taken_out_once(probe: Probe) -> None:
    """Deleting an item twice, or one that never was, is refused with the code item_delete_invalid_item_id.

    False when: it is accepted, or the code is another.
    Source: Observed {BANK}, behaviour 5.
    """
    wire = await talking(probe)
    item_id = (await typed(probe, wire, "Good morning."))["item"]["id"]
    await wire.send(_delete(item_id))
    await wire.next("conversation.item.deleted")
    for number, wrong in enumerate((item_id, ABSENT)):
        event_id = f"delete-{number}"
        error = await probe.refusal(wire, _delete(wrong), accepted="conversation.item.deleted", event_id=event_id)
        probe.refused(error, code="item_delete_invalid_item_id", words="does not exist")


@_section.check("15.16")
async def items_around_a_deleted_one_close_up(probe: Probe) -> None:
    """After an item was deleted, the next one stands behind what was before that.

    False when: it stands behind the deleted one.
    Source: Assumed, behaviour 5.
    """
    wire = await talking(probe)
    for item_id in ("item_1", "item_2"):
        await put(probe, wire, message("Go on.", id=item_id))
    await wire.send(_delete("item_2"))
    await wire.next("conversation.item.deleted")
    previous = (await typed(probe, wire, "Go on."))["previous_item_id"]
    probe.expect(previous != "item_2", "behind item_1", previous)
    probe.loosely(previous == "item_1", "behind item_1", previous)


@_section.check("15.17", proves=("refusals.wrong_enum", "item.content.text"))
async def each_role_has_parts_of_its_own(probe: Probe) -> None:
    """The assistant has no ``input_text``, and the user no ``text``.

    False when: one is accepted.
    Source: Assumed that the rest is refused; Documented {DOC} of what there is, schema E1.
    """
    wire = await talking(probe)
    for number, (role, part) in enumerate((("assistant", "input_text"), ("user", "text"))):
        item = {"type": "message", "role": role, "content": [{"type": part, "text": "Go on."}]}
        probe.refused(await probe.refusal(wire, _create(item), accepted=_CREATED, event_id=f"part-{number}"))


@_section.check("15.18")
async def there_are_no_other_items_and_roles(probe: Probe) -> None:
    """An item of a type, or a message of a role, that there is not, is refused at that member.

    False when: it is accepted; loosely, when ``param`` names another member.
    Source: Assumed of items; Documented {DOC} of what there is, schema E1; Observed {IVW} of settings, behaviour 6.
    """
    wire = await talking(probe)
    wrong = {"item.type": {"type": "rumour", "content": []}, "item.role": message("Ahoy.", role="pirate")}
    for param, item in wrong.items():
        error = await probe.refusal(wire, _create(item), accepted=_CREATED, event_id=param)
        probe.refused(error)
        probe.loosely(error["error"].get("param") == param, f"param {param}", error["error"].get("param"))
