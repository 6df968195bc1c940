"""What looks like a mistake and is none: events that cross on the wire, asides, other dialects, history."""

from collections.abc import Callable

import pytest

from tests.conduct.cases.again import GREETING, TOOLS, lost
from tests.conduct.cases.responses import spoken
from tests.conduct.cases.tools import CALLS, OFFERED, called
from tests.conduct.cases.turns import TRUNCATING, told
from tests.conduct.playing import BY_HAND, DETECTED, SLOW, TURNS, World, question
from tests.session.sounds import silence, voice
from vlmock.conduct.codes import PLAYING, STILL_PLAYING
from vlmock.session.script import Call, Fail, McpCall, Say
from vlmock.session.timing import Timing

ASIDE = {"role": "assistant", "type": "message", "content": [{"type": "text", "text": "One moment."}]}


def cancel_crosses_the_end(world: World) -> None:
    """The client has not heard yet that the response is done."""
    client = told(world)
    while "response.done" not in client.types:
        client.pause(0.01)
    client.pause(0.05).send("response.cancel")


def request_crosses_the_automatic_answer(world: World) -> None:
    """A typed turn, sent before the client could know that the spoken one is being answered."""
    client = spoken(world)
    while "response.created" not in client.types:
        client.pause(0.01)
    client.type().pause(0.03).ask().pause(10)


def request_crosses_the_end_of_a_spoken_turn(world: World) -> None:
    client = spoken(world)
    client.type().pause(0.03).ask().pause(10)


def truncation_crosses_that_of_the_service(world: World) -> None:
    client = told(world, TRUNCATING)
    while not client.all("conversation.item.truncated"):
        client.append(voice(100)).pause(0.05)
    client.cut(client.spoken, 500)


def previous_is_cancelled_on_purpose(world: World) -> None:
    """Documented: ``cancel_previous``."""
    told(world).ask(cancel_previous=True).pause(10)


def something_is_said_while_a_function_runs(world: World) -> None:
    """An answer that is given word for word needs no output."""
    client = called(world).ask(pre_generated_assistant_message=ASIDE).pause(3)
    client.return_output(client.calls[0]).ask().pause(3).leave()


def the_call_was_interrupted(world: World) -> None:
    """Nobody waits for the output of a response that was cancelled."""
    client = world.client(replies=[[Call("get_weather", "{}"), Say("I will look. " * 20)]], timing=SLOW)
    client.type().ask().pause(1.0).send("response.cancel").pause(1).type().ask().pause(10).leave()


def the_call_failed(world: World) -> None:
    """Nor for that of a response that has failed: it is not gone on with."""
    client = world.client(DETECTED | {"tools": OFFERED}, replies=[[*CALLS[:1], Fail("No luck.")]])
    client.type().ask().pause(1).type("Again, please.").ask().pause(3).leave()


def a_call_of_old_is_brought_along(world: World) -> None:
    """History with a call in it, told anew."""
    call = {"type": "function_call", "name": "get_weather", "call_id": "call_old", "arguments": "{}"}
    client = world.client().send("conversation.item.create", item=call)
    client.return_output("call_old").type().ask().pause(3).leave()


def leaves_in_the_middle(world: World) -> None:
    """Whoever hangs up when a call has just come did not forget it."""
    called(world).leave()


def the_network_is_lost_with_a_call_open(world: World) -> None:
    client = called(world).type("Hello?")
    client.pause(60).leave(1001, by="server")


def asks_again_after_a_failure(world: World) -> None:
    """The answer to a spoken turn came to nothing."""
    client = spoken(world, timing=SLOW)
    while "response.created" not in client.types:
        client.pause(0.01)
    client.pause(0.2).send("response.cancel").pause(0.2).ask().pause(10)


def output_of_mcp_is_asked_for(world: World) -> None:
    """Nothing but the output of the service's own call is new."""
    tool = {"type": "mcp", "server_label": "docs", "server_url": "https://docs.example", "require_approval": "never"}
    replies = [[McpCall("docs", "search", output="3")], [Say("Three.")]]
    client = world.client(DETECTED | {"tools": [tool]}, replies=replies).append(question()).pause(1)
    assert client.all("response.mcp_call.completed")
    client.ask().pause(3)


def commits_and_asks_at_once(world: World) -> None:
    """The commit need not be acknowledged first."""
    client = world.client(BY_HAND, timing=SLOW).append(voice(900))
    client.send("input_audio_buffer.commit").ask().pause(10)


def draws_its_turns_beside_a_detector(world: World) -> None:
    """What the client ends by itself the service does not answer by itself."""
    world.client(timing=SLOW, api_version=TURNS).begin_turn(voice(900)).end_turn().pause(1.5).ask().pause(5)


def a_file_at_once(world: World) -> None:
    """Observed {SDKT}: accepted, and faster than real time."""
    world.client().append(question()).pause(5).append(question()).pause(5).leave()


def a_file_at_an_odd_speed(world: World) -> None:
    """No rate of a sound card is so far off."""
    world.client(BY_HAND).stream(voice(8_000), piece_s=0.03)


def a_pause_between_turns(world: World) -> None:
    """Only in the middle of one it would be missed."""
    world.client(timing=SLOW).stream(question()).pause(30).stream(question()).pause(5)


def takes_the_turn_over(world: World) -> None:
    """Without a detector nobody waits for silence."""
    client = world.client(timing=SLOW).stream(voice(600))
    assert client.all("input_audio_buffer.speech_started")
    client.configure(**BY_HAND).pause(2.5).append(voice(500)).send("input_audio_buffer.commit").pause(1).ask().pause(5)


def settings_that_were_defaults(world: World) -> None:
    """What is left out has the same value either way."""
    client = world.client({"turn_detection": {"type": "server_vad", "threshold": 0.5}, "tools": []})
    client.configure(turn_detection={"type": "server_vad"})


def manual_turns_and_back(world: World) -> None:
    """Assumed: null is no type."""
    world.client(BY_HAND).configure(**DETECTED).configure(**BY_HAND)


def goodbye_of_a_session_that_ends(world: World) -> None:
    """Coming back at once after 1001 is right. Observed {ILA}."""
    world.client().leave(1001, by="server")
    world.client()


def two_clients(world: World) -> None:
    """Another program after one that was turned out is no reconnect."""
    world.client(facts={"user_agent": "one"}).leave(1008, by="server")
    world.client(facts={"user_agent": "another"})


def a_client_long_after(world: World) -> None:
    world.client().leave(1008, by="server")
    world.unix_time += 600
    world.client()


def the_beta_dialect(world: World) -> None:
    """OpenAI merges settings, and nobody waits there for an update."""
    client = world.client(None, facts={"dialect": "openai-beta"}).append(silence(200))
    client.configure(instructions="Be brief.").configure(**DETECTED)


def named_cancel_crosses_the_end(world: World) -> None:
    """The response that is named has ended this moment, and another one has begun."""
    client = told(world)
    while "response.done" not in client.types:
        client.pause(0.01)
    client.type().ask().pause(0.02)
    client.send("response.cancel", response_id=client.last("response.done").response.id).pause(10)


def commits_while_manual_turns_are_on_their_way(world: World) -> None:
    """The service takes events in order: by then no detector is in force."""
    client = world.client(DETECTED, timing=Timing({"updated": 200}))
    client.configure(**BY_HAND).stream(voice(300), piece_s=0.05).send("input_audio_buffer.commit").pause(3)


def truncates_speech_of_another_format(world: World) -> None:
    """Observed {FON}: a cascade's responses do not name their format, so it is the session's."""
    client = told(world, DETECTED | {"output_audio_format": "g711_ulaw"}).pause(30)
    client.cut(client.spoken, 5000)


def lets_the_assistant_finish(world: World) -> None:
    """Who turns interrupt_response off wants it to talk on."""
    talks_on = {"turn_detection": DETECTED["turn_detection"] | {"interrupt_response": False}}
    told(world, talks_on).noted(PLAYING).stream(question()).noted(STILL_PLAYING).pause(30).leave()


def brings_the_question_along(world: World) -> None:
    """What was appended is of no matter to a request that has its own question."""
    question = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]}
    world.client(BY_HAND).append(voice(900)).ask(append_input_items=[question]).pause(5)


def nobody_answers_noise(world: World) -> None:
    """Assumed: what was transcribed as nothing may get no answer."""
    client = spoken(world, timing=Timing({"stt": 20_000}))
    item_id = client.last("input_audio_buffer.committed").item_id
    completed = "conversation.item.input_audio_transcription.completed"
    client.pause(0.3).pushed(completed, item_id=item_id, content_index=0, transcript="").pause(1)
    client.type().ask().pause(1)


def hangs_up_without_a_code(world: World) -> None:
    """As browsers do. Who calls anew is greeted."""
    lost(world, by="client", code=1005)
    world.client().ask(**GREETING).pause(5)


def leaves_the_page(world: World) -> None:
    """Likewise."""
    lost(world, by="client", code=1001)
    world.client().ask(**GREETING).pause(5)


def configures_again_in_two_updates(world: World) -> None:
    """As it did the first time; both are there before anything is said."""
    lost(world, by="server", code=1001, settings=DETECTED | {"tools": TOOLS})
    client = world.client().configure(**DETECTED, tools=TOOLS).pause(1)
    client.type("I am Ann.").ask().pause(5).leave()


GOOD = [value for value in list(globals().values()) if callable(value) and getattr(value, "__module__", "") == __name__]


def mends_a_refused_update(world: World) -> None:
    """What was refused was never set, so it is not missing from the next update."""
    wanted = {"threshold": 0.7, "end_of_utterance_detection": {"model": "semantic_detection_v1"}}
    client = world.client(None, model="gpt-realtime").configure(turn_detection={"type": "server_vad", **wanted})
    client.pause(0.5).configure(turn_detection={"type": "server_vad", "threshold": 0.7}).pause(0.5)


def returns_a_refused_output_again(world: World) -> None:
    """The first never reached its call."""
    client = called(world)
    output = {"type": "function_call_output", "call_id": client.calls[0], "output": "{}"}
    client.send("conversation.item.create", previous_item_id="item_nowhere", item=output).pause(0.3)
    client.return_output(client.calls[0]).ask().pause(5).leave()


def answers_a_refused_consent_again(world: World) -> None:
    """Nor did this answer."""
    tool = {"type": "mcp", "server_label": "docs", "server_url": "https://docs.example", "require_approval": "always"}
    client = world.client(DETECTED | {"tools": [tool]}, replies=[[McpCall("docs", "search", output="3")]])
    client.type().ask().pause(1)
    (request,) = (each.item for each in client.all("conversation.item.created") if "approval" in each.item.type)
    answer = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": True}
    client.send("conversation.item.create", previous_item_id="item_nowhere", item=answer).pause(0.3)
    client.send("conversation.item.create", item=answer).pause(5).leave()


def sends_a_member_too_many_to_a_lenient_server(world: World) -> None:
    """It obeys the rest, so the call has its output."""
    settings, replies = DETECTED | {"tools": OFFERED}, [CALLS[:1], [Say("It is sunny.")]]
    client = world.client(settings, replies=replies, lenient=True).type().ask().pause(1)
    output = {"type": "function_call_output", "call_id": client.calls[0], "output": "{}", "is_error": False}
    client.send("conversation.item.create", item=output).ask().pause(5).leave()


def commits_and_asks_beside_the_detector(world: World) -> None:
    """What the client commits by hand the service does not answer by itself."""
    client = world.client({"instructions": "Be brief."}, timing=SLOW).append(voice(900))
    client.send("input_audio_buffer.commit").pause(1.5).ask().pause(10).leave()


@pytest.mark.parametrize(
    ("part", "rules"),
    [
        (mends_a_refused_update, ["VL601"]),
        (returns_a_refused_output_again, ["VL604"]),
        (answers_a_refused_consent_again, ["VL604"]),
        (sends_a_member_too_many_to_a_lenient_server, ["VL703"]),
        (commits_and_asks_beside_the_detector, ["VL110"]),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_one_mistake_is_told_once(part: Callable[[World], None], rules: list[str]):
    """Whoever mends it is not blamed for what has come of it."""
    world = World()
    part(world)
    assert [finding.rule.id for finding in world.findings] == rules


@pytest.mark.parametrize("part", GOOD, ids=lambda part: part.__name__)
def test_nobody_is_blamed_for(part: Callable[[World], None]):
    """Advice is no blame."""
    world = World()
    part(world)
    assert [finding for finding in world.findings if finding.severity != "advice"] == []
