"""2: what a session is before the client has said anything."""

from vlclient.checks.check import Section
from vlclient.checks.probe import Probe

_section = Section(2, "Session defaults")


@_section.check("2.01")
async def a_session_has_an_id_of_its_own(probe: Probe) -> None:
    """``session.created`` names the session ``sess_…``; two sessions have two names.

    False when: the id is missing, begins otherwise, or comes twice.
    Source: Observed {PAI, FON}, behaviour 2.1.
    """
    ids = []
    for _ in range(2):
        wire, created = await probe.created()
        ids.append(created["session"].get("id"))
        probe.expect(str(ids[-1]).startswith("sess_"), "an id that begins with sess_", ids[-1])
        await wire.close()
    probe.expect(ids[0] != ids[1], "two ids", ids)
