"""1: how a connection is opened, and what is answered in its place."""

import json

from vlclient.checks.check import Section
from vlclient.checks.probe import HttpAnswer, Probe

_section = Section(1, "Handshake and credentials")


@_section.check("1.01")
async def the_service_speaks_first(probe: Probe) -> None:
    """The first event on a new connection is ``session.created``, before the client has said anything.

    False when: another event comes first, or nothing.
    Source: Observed {PAI, FON, SEED}, behaviour 2.1.
    """
    wire = await probe.connect()
    first = await wire.receive(wanted="session.created")
    probe.require(first.get("type") == "session.created", "session.created", first.get("type"))


@_section.check("1.02")
async def nobody_gets_in_without_a_credential(probe: Probe) -> None:
    """Without key and token the upgrade is refused with HTTP 401.

    False when: it is accepted, or answered with another status.
    Source: Observed {TROUB}, behaviour 1.2.
    """
    answer = await probe.dial(credential=False)
    if not isinstance(answer, HttpAnswer):
        await answer.close()
        probe.require(False, "HTTP 401", "a connection")
        return
    probe.expect(answer.status == 401, "HTTP 401", answer.status)
    probe.loosely(_is_json(answer.body), "a JSON body that says what is missing", answer.body)


@_section.check("1.03")
async def an_upgrade_is_never_redirected(probe: Probe) -> None:
    """A connection is opened where it was dialled.

    False when: the answer has a status of 300 to 399.
    Source: Documented (RFC 6455 4.1), Assumed of the service.
    """
    answer = await probe.dial()
    status = answer.status if isinstance(answer, HttpAnswer) else 101
    probe.expect(not 300 <= status < 400, "no redirect", f"HTTP {status}")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
