"""MCP servers: what they offer is listed, and their tools are called."""

from typing import Any

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from tests.session.mcp_calls import (
    IN_RESPONSE,
    RUN,
    SEARCH,
    SLOW,
    TOOLS,
    WRITTEN,
    approval,
    asked,
    create,
    server,
    talking,
    the_call,
    update,
)
from tests.session.sounds import silence, voice
from vlmock.session.script import Call, Fail, McpCall, McpListing, Say, ToolOutput
from vlmock.session.timing import Timing

# ---- what a server offers


def test_a_server_is_listed_after_the_update() -> None:
    """Observed {NETT}: session.updated, the item, in progress, completed."""
    talk = Dialogue().skip()
    talk.client(update(server())).server(
        "session.updated", "conversation.item.created", "mcp_list_tools.in_progress", "mcp_list_tools.completed"
    )
    item = talk.last("conversation.item.created").item
    assert (item.type, item.server_label, item.tools) == ("mcp_list_tools", "docs", [])
    assert talk.last("mcp_list_tools.completed").item_id == item.id


def test_the_tools_are_there_for_whoever_retrieves_the_item() -> None:
    """Assumed: from ``completed`` on. They come with their schemas."""
    talk = talking()
    item_id = talk.last("conversation.item.created").item.id
    talk.client({"type": "conversation.item.retrieve", "item_id": item_id})
    assert talk.last("conversation.item.retrieved").item.tools == list(TOOLS)


@pytest.mark.parametrize(
    ("allowed", "listing", "names"),
    [
        (None, McpListing(TOOLS), ["search", "fetch"]),
        (["fetch", "nothing"], McpListing(TOOLS), ["fetch"]),
        ([], McpListing(TOOLS), []),
        (["a", "b"], None, ["a", "b"]),
        (None, None, ["unscripted_tool"]),
    ],
)
def test_only_allowed_tools_are_listed(allowed: list[str] | None, listing: McpListing | None, names: list[str]) -> None:
    """Documented (schema D10): unset is all. A server that no script knows has what the client allows."""
    script = PlannedScript()
    script.mcp_servers = {"docs": listing} if listing else {}
    talk = Dialogue(script=script)
    talk.client(update(server(**({} if allowed is None else {"allowed_tools": allowed}))))
    entry = talk.session._state.history.get(talk.last("mcp_list_tools.completed").item_id)
    assert entry is not None
    assert [tool.name for tool in entry.item.tools] == names


def test_a_server_that_cannot_be_reached_harms_nobody() -> None:
    """Observed {NETT}: the listing fails, the session stays usable. Assumed: offered again, it is asked again."""
    script = PlannedScript([[Say("Hi.")]])
    script.mcp_servers = {"docs": McpListing(unreachable=True)}
    talk = Dialogue(script=script).skip()
    listed = ("conversation.item.created", "mcp_list_tools.in_progress", "mcp_list_tools.failed")
    talk.client(update(server())).server("session.updated", *listed)
    talk.client(create())
    assert talk.last("response.done").response.status == "completed"
    talk.skip().client(update(server())).server("session.updated", *listed)


def test_a_server_that_cannot_be_reached_is_not_asked_at_each_response() -> None:
    """Observed {NETT}: tools are listed at ``session.update``. Assumed: only an update that speaks of tools asks again,
    whether or not the answer is still to come when a response begins."""
    script = PlannedScript([[Say("Hi.")], [Say("Hm.")], [Say("Well.")]])
    script.mcp_servers = {"docs": McpListing(unreachable=True, seconds=1.0)}
    talk = Dialogue(script=script).client(update(server()), create()).wait(2)
    talk.client(create(), {"type": "session.update", "session": {"temperature": 0.7}}, create()).wait(2)
    assert talk.types.count("mcp_list_tools.failed") == 1
    assert talk.types.count("response.done") == 3
    talk.client(update(server(), temperature=0.7)).wait(2)
    assert talk.types.count("mcp_list_tools.failed") == 2


def test_listing_takes_its_time_and_holds_up_nobody() -> None:
    """The service does other things meanwhile; several servers are asked side by side."""
    script = PlannedScript([[Say("Hi.")]])
    script.mcp_servers = {"slow": McpListing(TOOLS, seconds=5.0)}
    talk = Dialogue(script=script, timing=Timing({"mcp_list": 400})).skip()
    talk.client(update(server("slow"), server("docs"), modalities=["text"]))
    assert talk.types[-4:] == ["conversation.item.created", "mcp_list_tools.in_progress"] * 2
    talk.client(create())
    assert talk.last("response.done").response.status == "completed"
    talk.skip().wait(0.39).server().wait(0.02).server("mcp_list_tools.completed")
    talk.wait(4.5).server().wait(0.1).server("mcp_list_tools.completed")


def test_a_server_is_asked_once() -> None:
    """Assumed: an update that offers it as it was, or does not speak of tools, asks nobody. A changed one is new."""
    talk = Dialogue().client(update(server())).skip()
    talk.client(update(server())).server("session.updated")
    talk.client({"type": "session.update", "session": {"temperature": 0.7}}).server("session.updated")
    talk.client(update(server(allowed_tools=["fetch"]))).server(
        "session.updated", "conversation.item.created", "mcp_list_tools.in_progress", "mcp_list_tools.completed"
    )


def test_a_response_may_bring_a_server_of_its_own() -> None:
    """Assumed: it is asked beside the response, which does not wait for it, and offers it to that response alone."""
    call = McpCall("extra", "find")
    talk = talking([call], [call])
    talk.client(create(tools=[server("extra", require_approval="never")]))
    assert talk.types.count("mcp_list_tools.completed") == 2
    assert the_call(talk).output == "{}"
    talk.client(create())
    assert "offers no MCP server 'extra'" in talk.last("response.done").response.status_details.error["message"]


# ---- a call


def test_a_call_runs_when_its_response_is_done() -> None:
    """Documented (SDK sample, schema G), in this order."""
    talk = talking([SEARCH]).client(create())
    talk.server("response.created", *WRITTEN, "response.mcp_call_arguments.done", "response.done", *RUN)
    item_id = talk.last("response.mcp_call.completed").item_id
    assert "".join(delta.delta for delta in talk.all("response.mcp_call_arguments.delta")) == SEARCH.arguments
    assert talk.last("response.mcp_call_arguments.done").arguments == SEARCH.arguments
    added = talk.last("response.output_item.added").item
    assert (added.arguments, added.output, added.error) == ("", None, None)
    (in_response,) = talk.last("response.done").response.output
    assert (in_response.id, in_response.arguments, in_response.output) == (item_id, SEARCH.arguments, None)
    done = talk.last("response.output_item.done").item
    assert (done.id, done.server_label, done.name, done.output) == (item_id, "docs", "search", '{"years": 3}')
    assert the_call(talk) == done


def test_a_call_may_run_inside_its_response() -> None:
    """The other reading: response.done comes last and has the output."""
    talk = talking([SEARCH, Say("Found.")], readings=IN_RESPONSE).client(create())
    written = ("response.created", *WRITTEN, "response.mcp_call_arguments.done")
    assert tuple(dict.fromkeys(talk.types[talk._checked :]))[: len(written) + 3] == (*written, *RUN)
    assert talk.types[-1] == "response.done"
    call, message = talk.last("response.done").response.output
    assert (call.output, message.content[0].text) == ('{"years": 3}', "Found.")


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("timed out", {"type": "tool_execution_error", "message": "timed out"}),
        ({"type": "http_error", "code": 503}, {"type": "http_error", "code": 503}),
    ],
)
def test_a_call_may_fail(error: Any, shown: Any) -> None:
    """failed in place of completed; why stands in the item, and the next response can answer it."""
    talk = talking([McpCall("docs", "search", error=error)]).client(create())
    assert talk.types[-3:] == [
        "response.mcp_call.in_progress",
        "response.mcp_call.failed",
        "response.output_item.done",
    ]
    item = talk.last("response.output_item.done").item
    assert (item.error, item.output) == (shown, None)
    talk.client(create())
    assert '"error"' in talk.script.turns[-1].tool_outputs[0].output


def test_the_next_response_answers_the_output() -> None:
    """Like that of a function, named server/tool. The service does not go on by itself; the client asks."""
    talk = talking([SEARCH]).client(create()).wait(60)
    assert len(talk.all("response.created")) == 1
    talk.client(create())
    item_id = the_call(talk).id
    expected = ToolOutput(item_id, item_id, "docs/search", SEARCH.arguments, '{"years": 3}')
    assert talk.script.turns[1].tool_outputs == (expected,)
    talk.client(create())
    assert talk.script.turns[2].tool_outputs == ()


def test_a_call_takes_its_time() -> None:
    """As long as the step says, or the timing profile."""
    slow = McpCall("docs", "search", seconds=2.0)
    talk = talking([SEARCH], [slow], timing=Timing({"mcp_call": 700})).client(create()).skip()
    talk.wait(0.69).server().wait(0.02).server(*RUN[1:])
    talk.client(create()).skip()
    talk.wait(1.99).server().wait(0.02).server(*RUN[1:])


def test_several_calls_run_side_by_side() -> None:
    """Assumed. Each one's output follows its ``completed`` at once, as the SDK's sample reads them."""
    quick = McpCall("docs", "fetch", output="q", seconds=1.0)
    talk = talking([McpCall("docs", "search", output="s", seconds=2.0), quick]).client(create()).skip()
    talk.wait(3.0).server(*RUN[1:], *RUN[1:])
    assert [event.item.output for event in talk.all("response.output_item.done")] == ["q", "s"]
    assert [event.output_index for event in talk.all("response.mcp_call.completed")] == [1, 0]


def test_a_call_costs_tokens_and_the_limit_holds_for_it() -> None:
    """Assumed {OAI}: a call that does not fit is not made. The list and the output are input later on."""
    long = McpCall("docs", "search", '{"query": "' + "word " * 40 + '"}', output="word " * 500)
    talk = talking([long], [long]).client(create(max_output_tokens=20))
    assert talk.last("response.done").response.status_details.reason == "max_output_tokens"
    assert "response.mcp_call.in_progress" not in talk.types
    talk.client(create())
    first = talk.last("response.done").response.usage
    assert first.output_tokens > 40
    talk.client(create())
    assert talk.last("response.done").response.usage.input_tokens > first.input_tokens + 500


def test_a_call_outside_the_conversation_leaves_no_trace_in_it() -> None:
    """It runs and is shown, and nobody has to answer it."""
    talk = talking([SEARCH]).client(create(conversation="none"))
    assert talk.last("response.output_item.done").item.output == '{"years": 3}'
    assert all(item.type != "mcp_call" for item in talk.session._state.history.items())
    talk.client(create())
    assert talk.script.turns[-1].tool_outputs == ()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (McpCall("dogs", "search"), "no MCP server 'dogs' (it offers docs)"),
        (McpCall("docs", "delete"), "allowed_tools of 'docs' does not name 'delete'"),
    ],
)
def test_what_the_client_does_not_offer_cannot_be_called(call: McpCall, says: str) -> None:
    """A client that forgot to offer its server is told, in place of an answer that the service could never give."""
    talk = Dialogue(script=PlannedScript([[call]]))
    talk.client(update(server(allowed_tools=["search"])), create())
    response = talk.last("response.done").response
    assert (response.status, response.output) == ("failed", [])
    assert response.status_details.error["code"] == "mcp_tool_not_offered"
    assert says in response.status_details.error["message"]


def test_an_agent_has_tools_of_its_own() -> None:
    """Assumed: the client offers none, and is not asked about them."""
    talk = Dialogue(model="", agent=True, script=PlannedScript([[SEARCH]])).client(create())
    assert talk.types[-3:] == list(RUN)


def test_mcp_is_unknown_to_older_versions() -> None:
    """Since 2026-01-01-preview: the tool is refused, so there is nothing to call or to approve."""
    talk = Dialogue(api_version="2025-10-01").skip()
    talk.client(update(server())).server("error")


# ---- what comes in between


def test_a_response_that_is_cancelled_while_it_writes_a_call_does_not_run_it() -> None:
    """Assumed: the item is done without output, after response.cancel and before response.done."""
    talk = talking([SLOW], timing=Timing({"token_gap": 100})).client(create()).wait(0.5)
    talk.skip().client({"type": "response.cancel"}).server("response.output_item.done", "response.done")
    item = talk.last("response.output_item.done").item
    assert (item.type, item.output, item.error) == ("mcp_call", None, None)
    assert talk.last("response.done").response.status == "cancelled"
    talk.wait(60).server()


def test_a_response_that_fails_after_writing_a_call_does_not_run_it() -> None:
    """Assumed: as when it is cancelled."""
    talk = talking([SEARCH, Fail("no")]).client(create()).wait(60)
    assert talk.types[-2:] == ["response.output_item.done", "response.done"]
    assert "response.mcp_call.in_progress" not in talk.types


def test_a_call_that_runs_after_its_response_cannot_be_cancelled() -> None:
    """Nothing is active any more: the cancel is refused, the output comes."""
    talk = talking([SLOW]).client(create()).wait(1.0)
    talk.skip().client({"type": "response.cancel"}).server("error")
    assert talk.last("error").error.code == "response_cancel_not_active"
    talk.wait(3.0).server(*RUN[1:])


def test_a_call_that_runs_inside_its_response_fails_with_it() -> None:
    """Assumed, for the other reading: failed, the item, response.done; nothing comes of it later."""
    talk = talking([SLOW, Say("x")], readings=IN_RESPONSE).client(create()).wait(1.0)
    talk.skip().client({"type": "response.cancel"}).server(
        "response.mcp_call.failed", "response.output_item.done", "response.done"
    )
    assert talk.last("response.output_item.done").item.error["message"] == "The response was cancelled."
    talk.wait(60).server()
    talk.client(create())
    assert talk.script.turns[-1].tool_outputs == ()


def test_the_user_may_speak_while_a_call_runs() -> None:
    """Barge-in: there is no response to cancel, the turn is answered, and the output is for the response after it."""
    script = PlannedScript([[SLOW], [Say("One moment.")], [Say("Done.")]], heard=["Are you there?"])
    talk = Dialogue(script=script)
    talk.client(update(server(require_approval="never")), create()).skip()
    talk.speak(voice(700) + silence(800))
    assert talk.last("response.done").response.status == "completed"
    assert (script.turns[1].text, script.turns[1].tool_outputs) == ("Are you there?", ())
    talk.skip().wait(4.0).server(*RUN[1:])
    talk.client(create())
    assert [output.output for output in script.turns[2].tool_outputs] == ["found"]


def test_the_user_may_interrupt_while_a_call_is_written() -> None:
    """Barge-in cancels the response; its call does not run, and an open approval request stays open."""
    script = PlannedScript([[SEARCH], [SLOW], [Say("Yes?")]])
    talk = Dialogue(script=script, timing=Timing({"token_gap": 100}))
    talk.client(update(server())).client(create()).wait(5.0)
    request_id = asked(talk)
    talk.client(create()).wait(0.3).speak(voice(700) + silence(800)).wait(5.0)
    cancelled = talk.all("response.done")[1].response
    assert (cancelled.status, cancelled.status_details.reason) == ("cancelled", "turn_detected")
    assert talk.types.count("response.mcp_call.in_progress") == 0
    talk.skip().client(approval(request_id)).server("conversation.item.created", *RUN)


def test_a_call_beside_a_function_call() -> None:
    """Both are items of one response; the client answers one, the service the other."""
    talk = talking([Call("get_weather", "{}", "call_1"), SEARCH]).client(create())
    types = [item.type for item in talk.last("response.done").response.output]
    assert types == ["function_call", "mcp_call"]
    output = {"type": "function_call_output", "call_id": "call_1", "output": "{}"}
    talk.client({"type": "conversation.item.create", "item": output}, create())
    assert {returned.name for returned in talk.script.turns[-1].tool_outputs} == {"get_weather", "docs/search"}


def test_an_interim_response_bridges_a_call() -> None:
    """Documented {DOC}: the trigger ``tool``; an MCP server's tool is one."""
    filler = {"type": "static_interim_response", "texts": ["One moment."], "triggers": ["tool"]}
    talk = Dialogue(script=PlannedScript([[SEARCH]]))
    talk.client(update(server(require_approval="never"), interim_response=filler), create())
    call, words = talk.last("response.done").response.output
    assert (call.type, words.content[0].transcript) == ("mcp_call", "One moment.")
    assert talk.types[-3:] == list(RUN)


def test_one_call_at_a_time_holds_for_mcp_as_well() -> None:
    """With parallel_tool_calls false the second call is made by the response that answers the first."""
    talk = talking([SEARCH, McpCall("docs", "fetch", output="page")], [Say("Done.")], api_version="2026-07-15")
    talk.client({"type": "session.update", "session": {"parallel_tool_calls": False}}).client(create())
    assert [item.name for item in talk.last("response.done").response.output] == ["search"]
    talk.client(create())
    assert [item.name for item in talk.last("response.done").response.output] == ["fetch"]
    talk.client(create())
    assert [output.name for output in talk.script.turns[-1].tool_outputs] == ["docs/search", "docs/fetch"]


def test_a_deleted_call_is_answered_by_nobody() -> None:
    """Its events still come; its output is not for the next response."""
    talk = talking([SLOW]).client(create()).skip()
    talk.client({"type": "conversation.item.delete", "item_id": the_call(talk).id})
    talk.wait(4.0).server("conversation.item.deleted", *RUN[1:])
    talk.client(create())
    assert talk.script.turns[-1].tool_outputs == ()
