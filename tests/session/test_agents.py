"""Agents, and deployments of the caller's own. Source: schema A1, A2, B2; behaviour.md 1.1, 1.2, 7.3."""

import msgspec
import pytest

from tests.session.conftest import Dialogue, PlannedScript
from vlmock.protocol.response import ResponseCreate
from vlmock.session.configuration.brain import Brain
from vlmock.session.conversation import agents
from vlmock.session.conversation.agents import Agent, Conversations
from vlmock.session.conversation.history import History
from vlmock.session.readings import parse_readings
from vlmock.session.refusals import Refused
from vlmock.session.rules.connection import check_connection
from vlmock.session.script import Say
from vlmock.session.timing import PROFILES, Timing

HELPER = Agent("helper", "project")
CLASSIC = Agent("asst_1", "project", classic=True)
FIRST, CLASSIC_ERA, LAST = "2025-05-01-preview", "2026-01-01-preview", "2026-07-15"
UNAUTHORIZED = "Authentication error to AI Agent service: Unauthorized"
NO_KEY = "Key authentication is not supported in Agent mode"
NO_PROJECT = "Missing required agent project name"
NO_CLASSIC = "Classic foundry agent is not supported in API version 2026-04-10 and above"
FAILED = "Failed to initialize the agent. Check its configuration and the identity permissions."


def refusal(brain: Brain) -> tuple[str | None, str]:
    """Code and words; two empty texts where there is none."""
    try:
        check_connection(brain)
    except Refused as refused:
        return refused.details.code, refused.details.message
    return "", ""


@pytest.mark.parametrize(
    ("agent", "api_version", "by", "words"),
    [
        (HELPER, LAST, "", ""),
        (HELPER, CLASSIC_ERA, "", ""),
        (Agent("helper", "project", "2", "conv_1"), LAST, "", ""),
        (HELPER, LAST, "by_key", NO_KEY),
        (HELPER, LAST, "by_legacy_token", UNAUTHORIZED),
        (CLASSIC, CLASSIC_ERA, "by_key", NO_KEY),
        (Agent("helper", ""), LAST, "", NO_PROJECT),
        (Agent("helper", "", misspelt="agent_name"), LAST, "", NO_PROJECT),
        (Agent("asst_1", "", classic=True), LAST, "", NO_PROJECT),
        (CLASSIC, FIRST, "", ""),
        (CLASSIC, CLASSIC_ERA, "", ""),
        (CLASSIC, "2026-04-10", "", NO_CLASSIC),
        (CLASSIC, LAST, "", NO_CLASSIC),
        (Agent("helper", "project", misspelt="agent_name"), LAST, "", FAILED),
        (Agent("helper:2", "project"), LAST, "", FAILED),
    ],
)
def test_which_agents_can_be_had(agent: Agent, api_version: str, by: str, words: str) -> None:
    """Observed {VIBE}: the words of each refusal. Assumed: one code for all of them."""
    brain = Brain("", api_version, agent=agent, by_key=by == "by_key", by_legacy_token=by == "by_legacy_token")
    assert refusal(brain) == ("agent_initialization_failed" if words else "", words)


def test_an_agent_that_cannot_be_had_ends_the_connection() -> None:
    """Observed {TROUB}: 101, an error, close 1008. It is not remembered, either."""
    conversations = Conversations()
    dialogue = Dialogue(agent=CLASSIC, conversations=conversations)
    dialogue.server("error")
    assert dialogue.closed is not None
    assert (dialogue.closed.code, dialogue.closed.reason) == (1008, NO_CLASSIC)
    assert conversations._threads == {}


@pytest.mark.parametrize(
    ("agent", "hint"),
    [
        (Agent("helper", "project", misspelt="agent_name"), "write agent-name, not agent_name"),
        (Agent("helper", ""), "the query parameter is agent-project-name; the vendor SDK calls it project_name"),
        (Agent("helper:2", "project"), "agent-name is the bare name, the version goes into agent-version"),
    ],
)
def test_what_really_was_wrong_is_in_the_journal(agent: Agent, hint: str) -> None:
    """Observed {VIBE}: the service's own words mislead."""
    assert [remark.message for remark in Dialogue(agent=agent).remarks] == [hint]


@pytest.mark.parametrize(
    ("profile", "model", "api_version", "hint"),
    [
        (
            "byom",
            "gpt-4o",
            LAST,
            "there are byom-azure-openai-realtime, byom-azure-openai-chat-completion, byom-foundry-anthropic-messages",
        ),
        ("byom-azure-openai-realtme", "x", LAST, "did you mean 'byom-azure-openai-realtime'?"),
        ("byom-azure-openai-realtime", "x", FIRST, "profiles came with api-version 2025-10-01"),
        (None, "gpt-4.2", LAST, "did you mean 'gpt-5.2'?"),
        (None, "my-deployment", LAST, "for a deployment of your own add profile=byom-azure-openai-chat-completion"),
    ],
)
def test_what_may_have_been_dialled_is_in_the_journal(
    profile: str | None, model: str, api_version: str, hint: str
) -> None:
    """The service says no more than that it has none of that name."""
    dialogue = Dialogue(brain=Brain(model, api_version, profile=profile))
    assert [remark.message for remark in dialogue.remarks] == [hint]


REALTIME, CHAT = "byom-azure-openai-realtime", "byom-azure-openai-chat-completion"
MISMATCH = "Connection error to BYOM Realtime service: status 400, message: Invalid response status"


@pytest.mark.parametrize(
    ("profile", "model", "api_version", "code", "words"),
    [
        (CHAT, "my-deployment", LAST, "", ""),
        (CHAT, "gpt-5.4-mini", LAST, "", ""),
        (CHAT, "gpt-realtime", LAST, "", ""),
        ("byom-foundry-anthropic-messages", "claude", LAST, "", ""),
        (REALTIME, "my-deployment", "2025-10-01", "", ""),
        (REALTIME, "gpt-realtime", LAST, "", ""),
        (REALTIME, "gpt-5-mini", LAST, "byom_realtime_connection_error", MISMATCH),
        (REALTIME, "gpt-5.4-mini", LAST, "byom_realtime_connection_error", MISMATCH),
        ("byom-x", "my-deployment", LAST, "invalid_profile", "Profile byom-x is not supported."),
        ("byom-x", "gpt-4o", LAST, "invalid_profile", "Profile byom-x is not supported."),
        (CHAT, "my-deployment", FIRST, "invalid_profile", f"Profile {CHAT} is not supported."),
        (None, "my-deployment", LAST, "invalid_model", "Model my-deployment is not supported in this region."),
    ],
)
def test_which_deployments_can_be_had(profile: str | None, model: str, api_version: str, code: str, words: str) -> None:
    """Observed {S14}: profile and protocol are looked at, a name is not."""
    assert refusal(Brain(model, api_version, profile=profile)) == (code, words)


def test_at_an_address_of_openais_a_deployment_has_any_name() -> None:
    """Assumed: whatever it is called, it hears and speaks."""
    assert refusal(Brain("gpt-4o", LAST, profile=REALTIME, any_deployment=True)) == ("", "")


@pytest.mark.parametrize(("model", "item"), [("my-deployment", "item_"), ("gpt-realtime", "item_")])
def test_a_realtime_deployment_speaks_for_itself(model: str, item: str) -> None:
    """Documented (schema A2): the profile says what stands behind the name."""
    dialogue = Dialogue(brain=Brain(model, LAST, profile=REALTIME)).client(ResponseCreate())
    assert dialogue.all("session.created")[0].session.model == model
    assert dialogue.last("response.done").response.output[0].id.startswith(item)


# ---- the session


@pytest.mark.parametrize(
    ("agent", "api_version", "agent_id", "prefix"),
    [
        (HELPER, LAST, "helper:1", "conv_"),
        (Agent("helper", "project", "7"), LAST, "helper:7", "conv_"),
        (CLASSIC, CLASSIC_ERA, "asst_1", "thread_"),
    ],
)
def test_a_session_says_which_agent_it_has(agent: Agent, api_version: str, agent_id: str, prefix: str) -> None:
    """Documented {DOC}: ``agent.thread_id`` is what to come back with. Observed {TAK}: no expiry, no temperature."""
    dialogue = Dialogue(agent=agent, api_version=api_version)
    dialogue.client({"type": "session.update", "session": {"turn_detection": None}})
    for kind in ("session.created", "session.updated"):
        session = msgspec.json.decode(msgspec.json.encode(dialogue.last(kind).session))
        thread_id = session["agent"].pop("thread_id")
        assert thread_id.startswith(prefix)
        assert session["agent"] == {"type": "agent", "name": agent.name, "agent_id": agent_id}
        assert session["expires_at"] is None
        assert not {"temperature", "model"} & set(session)


@pytest.mark.parametrize(("reading", "ending"), [("plain", ""), ("with_agent_service", " with Agent service.")])
def test_an_agent_keeps_its_instructions(reading: str, ending: str) -> None:
    """Observed {VIBE, JOR}: in two sets of words."""
    dialogue = Dialogue(agent=True, readings=parse_readings({"agent_instructions": reading}))
    dialogue.client({"type": "response.create", "response": {"instructions": "Sing."}})
    message = "Overriding instructions in response.create is not supported" + ending
    assert dialogue.last("error").error.message == message


@pytest.mark.parametrize(
    ("reading", "agent", "api_version", "status"),
    [
        ("completed", CLASSIC, FIRST, "completed"),
        ("cancelled", CLASSIC, FIRST, "cancelled"),
        ("cancelled", CLASSIC, "2025-10-01", "completed"),
        ("cancelled", HELPER, FIRST, "completed"),
        ("cancelled", None, FIRST, "completed"),
    ],
)
def test_the_first_classic_agents_mislabelled_their_responses(
    reading: str, agent: Agent | None, api_version: str, status: str
) -> None:
    """Observed {NB04}, one source: every ``response.done`` cancelled, with all of its words."""
    readings = parse_readings({"classic_agents": reading})
    dialogue = Dialogue(agent=agent or False, api_version=api_version, readings=readings)
    done = dialogue.client(ResponseCreate()).last("response.done").response
    assert (done.status, done.output[0].content[0].transcript) == (status, "Hello.")
    assert dialogue.client(ResponseCreate()).last("response.done").response.status == status


@pytest.mark.parametrize(("agent", "first_ms"), [(False, 245), (True, 1800)])
def test_an_agent_is_slower_than_a_model(agent: bool, first_ms: int) -> None:
    """Behaviour 7.3: its own profile, unless another is asked for."""
    dialogue = Dialogue(agent=agent, timing=Timing("pipeline")).client(ResponseCreate()).wait(60)
    times = dict(zip(reversed(dialogue.types), reversed(dialogue.times), strict=True))
    taken_ms = 1000 * (times["response.output_item.added"] - times["response.created"])
    assert taken_ms == pytest.approx(first_ms)
    assert PROFILES["agent"].keys() == PROFILES["cascade"].keys()


# ---- conversations that go on


def typed(text: str) -> dict[str, object]:
    content = [{"type": "input_text", "text": text}]
    return {"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": content}}


def thread_of(dialogue: Dialogue) -> str:
    return str(dialogue.all("session.created")[0].session.agent.thread_id)


def test_a_conversation_goes_on() -> None:
    """Documented {DOC}: the agent has the earlier conversation, and new items follow its last."""
    conversations = Conversations()
    before = Dialogue(agent=HELPER, conversations=conversations, script=PlannedScript([[Say("Hello, Ada.")]]))
    before.client(typed("I am Ada."), ResponseCreate())
    before.session.close()
    user, assistant = [event.item for event in before.all("conversation.item.created")]

    again = Agent("helper", "project", "2", conversation_id=thread_of(before))
    after = Dialogue(agent=again, conversations=conversations, seed=8)
    assert thread_of(after) == thread_of(before)
    after.server("session.created")
    after.client({"type": "conversation.item.retrieve", "item_id": assistant.id})
    part = after.last("conversation.item.retrieved").item.content[0]
    assert (part.transcript, msgspec.to_builtins(part).get("audio")) == ("Hello, Ada.", None)
    after.client(typed("Who am I?"), ResponseCreate())
    assert after.all("conversation.item.created")[0].previous_item_id == assistant.id
    turn = after.script.turns[0]
    assert (turn.number, turn.text) == (1, "Who am I?")
    assert [item.id for item in turn.history][:2] == [user.id, assistant.id]
    alone = Dialogue(agent=HELPER).client(typed("Who am I?"), ResponseCreate())
    spent = [each.last("response.done").response.usage.input_tokens for each in (alone, after)]
    assert spent[0] < spent[1]


def test_a_conversation_that_two_sessions_have_open_keeps_its_sound() -> None:
    """Assumed: until the last of them is over; then its words are left."""
    conversations = Conversations()
    first = Dialogue(agent=HELPER, conversations=conversations).client(ResponseCreate())
    again = Agent("helper", "project", conversation_id=thread_of(first))
    second = Dialogue(agent=again, conversations=conversations, seed=8)
    item_id = first.last("response.output_item.done").item.id

    def has_sound(dialogue: Dialogue) -> bool:
        dialogue.client({"type": "conversation.item.retrieve", "item_id": item_id})
        part = dialogue.last("conversation.item.retrieved").item.content[0]
        return bool(msgspec.to_builtins(part).get("audio"))

    second.session.close()
    assert has_sound(first)
    third = Dialogue(agent=again, conversations=conversations, seed=9)
    first.session.close()
    assert has_sound(third)
    third.session.close()
    assert not has_sound(Dialogue(agent=again, conversations=conversations, seed=10))


@pytest.mark.parametrize(
    "agent",
    [
        Agent("other", "project", conversation_id="known"),
        Agent("helper", "elsewhere", conversation_id="known"),
        Agent("helper", "project", conversation_id="conv_nobody"),
        Agent("helper", "project"),
    ],
)
def test_a_conversation_of_somebody_else_begins_anew(agent: Agent) -> None:
    """Documented {DOC}: ids are tied to agent and project."""
    conversations = Conversations()
    before = Dialogue(agent=HELPER, conversations=conversations).client(typed("I am Ada."), ResponseCreate())
    if agent.conversation_id == "known":
        agent = msgspec.structs.replace(agent, conversation_id=thread_of(before))
    after = Dialogue(agent=agent, conversations=conversations, seed=8).client(ResponseCreate())
    assert thread_of(after) not in (thread_of(before), agent.conversation_id)
    assert len(after.script.turns[0].history) == 0


def test_of_very_many_conversations_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that runs for long does not grow without end."""
    monkeypatch.setattr(agents, "_REMEMBERED", 2)
    conversations = Conversations()

    def visit(conversation_id: str, new_id: str) -> History:
        return conversations.take_up(Agent("a", "p", conversation_id=conversation_id), new_id).history

    first, second = visit("", "c1"), visit("", "c2")
    assert visit("c1", "x") is first
    visit("", "c3")
    assert visit("c1", "x") is first
    assert visit("c2", "c4") is not second
