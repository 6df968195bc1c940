"""A connection that is lost without a goodbye may be the network's fault as well as the server's."""

from tests.checks.conftest import CREATED, checked, checking
from tests.client.fake_service import Caller, Conversation, serving, silent
from vlclient.checks.probe import Probe
from vlclient.checks.running import try_check
from vlclient.checks.verdicts import Outcome, Verdict


def lost_at(type: str) -> Conversation:
    """The line is cut when the client says this."""

    async def conversation(caller: Caller) -> None:
        await caller.connection.send(CREATED)
        await caller.hear(type)
        caller.hang_up()

    return conversation


async def good(caller: Caller) -> None:
    await caller.connection.send(CREATED)
    await caller.update()
    await caller.listen()


async def _updates(probe: Probe) -> None:
    wire, _ = await probe.created()
    await wire.send({"type": "input_audio_buffer.clear"})
    await wire.send({"type": "session.update", "session": {}})
    await wire.next("session.updated")


async def tried(*conversations: Conversation) -> tuple[Outcome, int]:
    """What came of it, and how often it was dialled."""
    async with serving(*conversations) as service:
        return await try_check(checking(_updates), checked(service.url)), service.attempts


async def test_what_was_lost_is_tried_once_more() -> None:
    """What comes of it then is what came of the check, and it is said that there was a loss."""
    outcome, attempts = await tried(lost_at("session.update"), good)
    assert (outcome.verdict, outcome.findings, attempts) == (Verdict.PASSED, (), 2)
    assert outcome.reason == "a connection was lost without a goodbye, and all was tried once more"


async def test_a_line_that_is_lost_in_two_places_says_nothing_of_the_server() -> None:
    """It may be the network, and nobody can tell."""
    outcome, attempts = await tried(lost_at("input_audio_buffer.clear"), waits_and_is_lost)
    assert (outcome.verdict, attempts) == (Verdict.INCONCLUSIVE, 2)
    assert outcome.reason.startswith("the network, or the server: ")
    assert outcome.findings == ()


async def waits_and_is_lost(caller: Caller) -> None:
    """Before anything was said."""
    caller.hang_up()


async def test_a_server_that_always_hangs_up_at_the_same_event_has_failed() -> None:
    """Without a goodbye, and twice in the same place: that is no accident."""
    outcome, attempts = await tried(lost_at("session.update"))
    assert (outcome.verdict, attempts) == (Verdict.FAILED, 2)
    (finding,) = outcome.findings
    assert (finding.expected, finding.got) == (
        "an open connection",
        "a loss without a goodbye, twice in the same place",
    )


async def test_a_goodbye_is_no_loss() -> None:
    """Whoever says it is not asked again."""

    async def says_goodbye(caller: Caller) -> None:
        await caller.connection.send(CREATED)
        await caller.hear("session.update")
        await caller.connection.close(1011, "broken")

    outcome, attempts = await tried(says_goodbye)
    assert (outcome.verdict, attempts) == (Verdict.FAILED, 1)
    assert outcome.findings[0].got == "close 1011 (broken)"


async def test_what_is_passed_all_the_same_is_not_tried_again() -> None:
    """A loss that a check has expected, or that came behind its last question."""

    async def greeted(probe: Probe) -> None:
        wire, _ = await probe.created()
        await wire.end()

    async with serving(waits_for_nothing, silent) as service:
        outcome = await try_check(checking(greeted), checked(service.url))
        assert (outcome.verdict, outcome.reason, service.attempts) == (Verdict.PASSED, "", 1)


async def waits_for_nothing(caller: Caller) -> None:
    await caller.connection.send(CREATED)
    caller.hang_up()
