"""MCP servers whose tools want the client's approval: who is asked, and what an answer does."""

from typing import Any

import pytest

from tests.session.mcp_calls import IN_RESPONSE, RUN, SEARCH, SLOW, WRITTEN, approval, asked, create, talking, the_call
from vlmock.session.script import Fail, Wait


@pytest.mark.parametrize(
    ("require_approval", "asks"),
    [
        (None, True),
        ("always", True),
        ("never", False),
        ({"never": ["search"]}, False),
        ({"always": ["search"]}, True),
        ({"never": ["fetch"]}, True),
        ({"always": ["fetch"]}, True),
        ({"always": ["search"], "never": ["search"]}, True),
    ],
)
def test_who_is_asked(require_approval: Any, asks: bool) -> None:
    """Documented (schema D10): always, unless said otherwise; what neither list names, always."""
    talk = talking([SEARCH], require_approval=require_approval).client(create())
    assert ("response.mcp_call.in_progress" in talk.types) is not asks
    assert (talk.types[-1] == "conversation.item.created") is asks


def test_an_approved_call_runs() -> None:
    """Observed {NETT}: the answer is echoed as an item, then the call runs."""
    talk = talking([SEARCH], require_approval="always").client(create())
    talk.server(
        "response.created",
        *WRITTEN,
        "response.mcp_call_arguments.done",
        "response.done",
        "conversation.item.created",
    )
    request = talk.last("conversation.item.created").item
    assert (request.server_label, request.name, request.arguments) == ("docs", "search", SEARCH.arguments)
    talk.wait(600).server()
    talk.client(approval(request.id)).server("conversation.item.created", *RUN)
    answer = talk.last("conversation.item.created").item
    assert (answer.type, answer.approval_request_id, answer.approve) == ("mcp_approval_response", request.id, True)
    done = talk.last("response.output_item.done").item
    assert (done.approval_request_id, done.output) == (request.id, '{"years": 3}')


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        (None, "The call was not approved."),
        ("Too dangerous.", "The call was not approved: Too dangerous."),
    ],
)
def test_a_call_that_is_not_approved_fails(reason: str | None, message: str) -> None:
    """Assumed: it was never in progress; the next response knows why."""
    talk = talking([SEARCH], require_approval="always").client(create()).skip()
    talk.client(approval(asked(talk), approve=False, reason=reason)).server(
        "conversation.item.created", "response.mcp_call.failed", "response.output_item.done"
    )
    assert talk.last("response.output_item.done").item.error["message"] == message
    talk.client(create())
    (output,) = talk.script.turns[-1].tool_outputs
    assert (output.name, output.output) == ("docs/search", f'{{"error":"{message}"}}')


def test_the_event_of_that_name_answers_as_well() -> None:
    """Assumed: ``mcp_approval_response``, in the enum without members, has those of the item."""
    talk = talking([SEARCH], require_approval="always").client(create()).skip()
    event = {"type": "mcp_approval_response", "approval_request_id": asked(talk), "approve": True}
    talk.client(event).server("conversation.item.created", *RUN)


def test_an_answer_may_come_with_the_next_request() -> None:
    """In append_input_items: it runs the call; a wrong one is refused before anything has happened."""
    talk = talking([SEARCH], require_approval="always").client(create()).skip()
    answer = approval(asked(talk))["item"]
    talk.client(create(append_input_items=[answer, answer])).server("error")
    assert talk.last("error").error.param == "response.append_input_items.approval_request_id"
    talk.client(create(append_input_items=[answer]))
    assert the_call(talk).output == '{"years": 3}'


def test_approval_may_be_asked_for_inside_the_response() -> None:
    """The other reading: the request comes before response.done, the call runs when it is answered."""
    talk = talking([SEARCH], require_approval="always", readings=IN_RESPONSE).client(create())
    assert talk.types[-2:] == ["conversation.item.created", "response.done"]
    talk.skip().client(approval(asked(talk))).server("conversation.item.created", *RUN)


@pytest.mark.parametrize("ending", ["cancelled", "failed"])
def test_a_request_for_approval_is_closed_when_its_response_is_cut_off(ending: str) -> None:
    """Assumed: the call never runs, like any other of that response; nobody can approve it any more."""
    steps = [SEARCH, Wait(5.0), *([Fail("no")] if ending == "failed" else [])]
    talk = talking(steps, require_approval="always", readings=IN_RESPONSE).client(create()).wait(1.0).skip()
    if ending == "cancelled":
        talk.client({"type": "response.cancel"})
    talk.wait(10).server("response.output_item.done", "response.done")
    item = talk.last("response.done").response.output[0]
    assert (item.type, item.approval_request_id, item.output, item.error) == ("mcp_call", asked(talk), None, None)
    talk.client(approval(asked(talk))).wait(60).server("error")
    assert "is waiting for an answer" in talk.last("error").error.message


def test_a_call_that_was_approved_in_its_response_fails_with_it() -> None:
    """Assumed: as one that nobody had to approve. It ends once."""
    steps = [SLOW, Wait(60.0)]
    talk = talking(steps, require_approval="always", readings=IN_RESPONSE).client(create())
    talk.client(approval(asked(talk))).wait(1.0).skip()
    talk.client({"type": "response.cancel"}).server(
        "response.mcp_call.failed", "response.output_item.done", "response.done"
    )
    talk.wait(60).server()


@pytest.mark.parametrize("event", ["item", "event"])
@pytest.mark.parametrize("how", ["unknown", "twice", "deleted", "its call deleted"])
def test_an_answer_to_nothing_is_refused(event: str, how: str) -> None:
    """Assumed (behaviour 4.5): ``invalid_value``; nothing joins the conversation."""
    talk = talking([SEARCH], require_approval="always").client(create())
    request_id = asked(talk)
    match how:
        case "unknown":
            request_id = "item_nobody"
        case "twice":
            talk.client(approval(request_id))
        case "deleted":
            talk.client({"type": "conversation.item.delete", "item_id": request_id})
        case "its call deleted":
            talk.client({"type": "conversation.item.delete", "item_id": the_call(talk).id})
    before = len(talk.session._state.history)
    sent = approval(request_id)
    talk.skip().client(sent if event == "item" else sent["item"]).server("error")
    error = talk.last("error").error
    assert (error.code, error.param) == (
        "invalid_value",
        "item.approval_request_id" if event == "item" else "approval_request_id",
    )
    assert request_id in error.message
    assert len(talk.session._state.history) == before


@pytest.mark.parametrize("missing", ["approval_request_id", "approve"])
def test_the_event_has_to_say_what_it_answers_and_how(missing: str) -> None:
    """Refused like any member that is not there."""
    talk = talking([SEARCH], require_approval="always").client(create())
    event = approval(asked(talk))["item"]
    del event[missing]
    talk.skip().client(event).server("error")
    assert talk.last("error").error.message == f"Missing required parameter: '{missing}'."
