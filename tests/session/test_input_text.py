"""What is typed, while it is typed: ``input_text.delta`` and ``.done``. Source: schema B 19, 20."""

from typing import Any

import pytest

from tests.session.conftest import Dialogue
from vlmock.protocol.response import ResponseCreate
from vlmock.session.conversation import streamed_text

CREATED = "conversation.item.created"


@pytest.fixture
def dialogue() -> Dialogue:
    """A session in a version that has them."""
    return Dialogue(api_version="2026-07-15").skip()


def delta(text: str, item_id: str = "i", **members: Any) -> dict[str, Any]:
    return {"type": "input_text.delta", "id": item_id, "delta": text, **members}


def done(item_id: str = "i", **members: Any) -> dict[str, Any]:
    return {"type": "input_text.done", "id": item_id, **members}


def message(item_id: str, text: str = "Hi.") -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    return {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "user", "id": item_id, "content": content},
    }


def test_text_in_pieces_becomes_a_user_item(dialogue: Dialogue) -> None:
    """Assumed {DOC}: announced when it is done; answered when the client asks."""
    dialogue.client(message("first")).skip()
    dialogue.client(delta("What is "), delta("the time?")).server()
    dialogue.client(done()).wait(5).server(CREATED)
    created = dialogue.last(CREATED)
    assert (created.previous_item_id, created.item.id, created.item.role) == ("first", "i", "user")
    assert [(part.type, part.text) for part in created.item.content] == [("input_text", "What is the time?")]
    dialogue.client(ResponseCreate())
    assert dialogue.script.turns[0].text == "Hi. What is the time?"


def test_an_item_may_have_several_parts(dialogue: Dialogue) -> None:
    """Documented {SDK}: ``content_index`` says which; 0 where not sent. Assumed: all must be done."""
    dialogue.client(delta("one "), delta("two ", content_index=1), delta("more", content_index=0)).server()
    dialogue.client(done(content_index=1)).server()
    dialogue.client(done()).server(CREATED)
    assert [part.text for part in dialogue.last(CREATED).item.content] == ["one more", "two "]


def test_items_may_grow_side_by_side(dialogue: Dialogue) -> None:
    """Each under its id; they join the conversation as they are done."""
    dialogue.client(delta("a", "a"), delta("b", "b"), delta("a", "a"), done("b"), done("a"))
    assert [(event.item.id, event.item.content[0].text) for event in dialogue.all(CREATED)] == [("b", "b"), ("a", "aa")]


@pytest.mark.parametrize(
    ("before", "event", "code", "param"),
    [
        ([], done(), "invalid_value", "id"),
        ([], delta("x", ""), "invalid_request_error", "id"),
        ([], delta("x", content_index=1), "invalid_value", "content_index"),
        ([], delta("x", content_index=-1), "invalid_value", "content_index"),
        ([message("i")], delta("x"), "invalid_value", "id"),
        ([delta("x"), done()], delta("x"), "invalid_value", "id"),
        ([delta("x"), done()], done(), "invalid_value", "id"),
        ([delta("x")], done(content_index=1), "invalid_value", "content_index"),
        ([delta("x"), delta("y", content_index=1), done()], delta("x"), "invalid_value", "id"),
        ([delta("x"), delta("y", content_index=1), done()], done(), "invalid_value", "id"),
        ([delta("x")], message("i"), "invalid_value", "item.id"),
        ([], {"type": "input_text.delta", "delta": "x"}, "missing_required_parameter", "id"),
    ],
)
def test_what_has_no_place_is_refused(
    dialogue: Dialogue, before: list[Any], event: dict[str, Any], code: str, param: str
) -> None:
    """Assumed: unknown and finished ids and parts. Schema I: the id is required."""
    dialogue.client(*before).skip()
    dialogue.client({**event, "event_id": "mine"}).server("error")
    error = dialogue.last("error").error
    assert (error.code, error.param, error.event_id) == (code, param, "mine")


def test_a_refused_piece_leaves_nothing(dialogue: Dialogue) -> None:
    """The id is as unknown as before."""
    dialogue.client(delta("x", content_index=3)).server("error")
    dialogue.client(message("i")).server(CREATED)


def test_what_is_complete_makes_room(dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assumed: the bounds are on texts that are still coming, and a refused piece is not in the item."""
    monkeypatch.setattr(streamed_text, "_MOST_HELD", 10)
    monkeypatch.setattr(streamed_text, "_MOST_OPEN", 2)
    dialogue.client(delta("four", "a"), delta("four", "b")).server()
    dialogue.client(delta("", "a"), delta("x", "c")).server("error")
    assert [event.error.param for event in dialogue.all("error")] == ["delta", "id"]
    dialogue.client(done("a")).server(CREATED)
    assert dialogue.last(CREATED).item.content[0].text == "four"
    dialogue.client(delta("four", "c"), done("b"), delta("x", "d")).server(CREATED)
