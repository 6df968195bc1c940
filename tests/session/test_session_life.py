"""How long a session lasts, and what its responses may spend."""

from collections.abc import Callable

import pytest

from tests.session.conftest import UNIX_TIME, Dialogue, PlannedScript
from vlmock.session.allowance import Allowance
from vlmock.session.effects import Close
from vlmock.session.script import Say, Wait

Open = Callable[..., Dialogue]


def typed(text: str) -> dict[str, object]:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    return {"type": "conversation.item.create", "item": item}


ASK = {"type": "response.create"}


@pytest.mark.parametrize(
    ("options", "lasts_s", "says"),
    [
        ({"model": "gpt-4.1"}, 7200, "Your session hit the maximum duration of 120 minutes."),
        ({"model": "gpt-realtime"}, 3600, "Your session hit the maximum duration of 60 minutes."),
        ({"model": "", "agent": True}, 3600, "Your session hit the maximum duration of 60 minutes."),
    ],
)
def test_a_session_ends_when_its_time_is_up(open_dialogue: Open, options: dict, lasts_s: int, says: str) -> None:
    """Observed {FON, PAI}: how long. Assumed {OAI}: an error, then close 1001 with the same words."""
    dialogue = open_dialogue(**options).skip()
    dialogue.wait(lasts_s - 0.1).server()
    dialogue.wait(0.1).server("error")
    error = dialogue.last("error").error
    assert (error.code, error.message, error.param, error.event_id) == ("session_expired", says, None, None)
    assert dialogue.closed == Close(1001, says)


def test_the_end_is_when_the_session_said(open_dialogue: Open) -> None:
    """``expires_at`` is the truth {FON}."""
    dialogue = open_dialogue()
    expires_at = dialogue.last("session.created").session.expires_at
    assert dialogue.session.next_deadline() == pytest.approx(dialogue.now + expires_at - UNIX_TIME, abs=1)


def test_what_was_due_before_the_end_still_happens(open_dialogue: Open) -> None:
    """In the order of its time, however far the clock has jumped."""
    script = PlannedScript([[Say("Soon."), Wait(7000), Say("Late."), Wait(7000), Say("Too late.")]])
    dialogue = open_dialogue(script=script).client({"type": "response.create", "response": {"modalities": ["text"]}})
    dialogue.now += 20_000
    dialogue._perform(dialogue.session.advance(dialogue.now))
    said = "".join(event.delta for event in dialogue.all("response.text.delta"))
    assert said == "Soon. Late."
    assert dialogue.types[-1] == "error"
    assert dialogue.closed is not None


def test_after_the_end_nothing_is_answered(open_dialogue: Open) -> None:
    """A client that has not heard of it yet."""
    dialogue = open_dialogue().wait(7200).skip()
    dialogue.client(typed("Hello?"), ASK).server()
    assert dialogue.session.next_deadline() is None


def test_with_its_tokens_spent_a_response_fails_and_the_session_goes_on(open_dialogue: Open) -> None:
    """Assumed {OAI}, behaviour 6. What the user asked meanwhile is answered by the next response that may speak."""
    script = PlannedScript([[Say("One.")], [Say("Two.")]])
    dialogue = open_dialogue(script=script, tokens=Allowance(10))
    dialogue.client(typed("First?"), ASK)
    assert dialogue.last("response.done").response.status == "completed"
    dialogue.wait(20).client(typed("Second?"), ASK)
    failed = dialogue.last("response.done").response
    assert failed.status == "failed"
    assert failed.status_details.error == {
        "type": "rate_limit_error",
        "code": "rate_limit_exceeded",
        "message": "Rate limit reached: the tokens of this minute are spent. Try again in 40.0 seconds.",
    }
    assert failed.usage.total_tokens == 0
    dialogue.wait(40).client(ASK)
    assert dialogue.last("response.done").response.status == "completed"
    assert [turn.text for turn in script.turns] == ["First?", "Second?"]
