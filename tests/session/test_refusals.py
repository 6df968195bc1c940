"""What a client is told when it breaks the protocol: message, code and param, as the service words them."""

import inspect
import json
import sys
from typing import Any

import msgspec
import pytest

from tests.session.conftest import Dialogue
from tests.session.refusal_cases import CASES, Case
from vlmock.protocol.catalogue import CLIENT_EVENTS
from vlmock.protocol.codec import InvalidEvent, decode_client
from vlmock.protocol.errors import ErrorDetails
from vlmock.session import refusals
from vlmock.session.refusals import Refused

NO_REFUSALS = {"from_invalid_event", "code_for", "invalid_value", "refused"}
"""What refusals are made with."""


def all_refusals() -> list[str]:
    return [
        name
        for name, function in inspect.getmembers(refusals, inspect.isfunction)
        if function.__module__.startswith(f"{refusals.__name__}.") and name not in NO_REFUSALS
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.refusal)
def test_a_refusal_has_the_words_that_clients_look_for(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """From what a client sends to the error that it gets, by the function that the row is named after. Behaviour 2.3,
    3.1, 5 and 6, schema B2, quoted."""
    made = spied_on(case.refusal, monkeypatch)
    talk = Dialogue(**case.how)
    for sent in case.sends:
        assert not made, "refused before the last event"
        event = sent(talk) if callable(sent) else sent
        if event is not None:
            talk.frame(event if isinstance(event, str) else json.dumps({"event_id": "mine", **event}))
    message = case.message
    if "{" in message:
        items, responses = talk.all("response.output_item.added"), talk.all("response.created")
        message = message.format(item=items and items[-1].item.id, response=responses and responses[-1].response.id)
    error = talk.last("error").error
    assert error == ErrorDetails(
        type="invalid_request_error", message=message, code=case.code, param=case.param, event_id=error.event_id
    )
    assert [refused.details.message for refused in made] == [message]


def test_a_kind_of_object_that_does_not_exist_is_refused_like_any_wrong_value(dialogue: Dialogue) -> None:
    """Observed {ILA}: hyphenated interim types."""
    interim = {"type": "static-interim-response"}
    dialogue.client({"type": "session.update", "session": {"interim_response": interim}})
    error = dialogue.last("error").error
    assert error.message == (
        "'session.interim_response.type' should be 'static_interim_response' or 'llm_interim_response', "
        "got 'static-interim-response'"
    )
    assert (error.code, error.param) == ("invalid_session_update_message", "session.interim_response.type")


def test_every_refusal_has_a_row() -> None:
    """Whoever adds a refusal shows when it comes, and in which words."""
    assert set(all_refusals()) == {case.refusal for case in CASES}


def spied_on(name: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The refusals that the function makes from now on."""
    function = getattr(refusals, name)
    made: list[Any] = []

    def spy(*args: Any, **kwargs: Any) -> Any:
        made.append(function(*args, **kwargs))
        return made[-1]

    for module in sorted(sys.modules):
        if module.startswith(refusals.__name__) and getattr(sys.modules[module], name, None) is function:
            monkeypatch.setattr(sys.modules[module], name, spy)
    return made


@pytest.mark.parametrize(
    ("frame", "code"), [('{"type":"session.updat"}', "invalid_value"), ('{"event_id":"e"}', "invalid_event")]
)
def test_an_unknown_event_type_is_answered_with_all_that_exist(frame, code):
    """Behaviour 6: the refusal lists the supported values."""
    invalid = decode_client(frame)
    assert isinstance(invalid, InvalidEvent)
    details = refusals.from_invalid_event(invalid).details
    assert (details.code, details.param) == (code, "type")
    assert all(f"'{name}'" in details.message for name in CLIENT_EVENTS)


def test_every_refusal_says_where_it_comes_from():
    """Each emulated behaviour is labelled; the published coverage table is made from these words."""
    unlabelled = [
        name
        for name in all_refusals()
        if not (getattr(refusals, name).__doc__ or "").startswith(("Documented", "Observed", "Assumed"))
    ]
    assert not unlabelled


def test_a_refusal_leaves_the_events_id_to_the_session():
    """The offending event's id is the session's to add, and is null on the wire until then."""
    refused = refusals.no_active_response()
    assert isinstance(refused, Refused)
    assert str(refused) == refused.details.message
    assert msgspec.json.decode(msgspec.json.encode(refused.details))["event_id"] is None
