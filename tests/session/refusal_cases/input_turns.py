"""Refusals: turns and texts under the client's own ids."""

from typing import Any

from tests.session.refusal_cases.case import NEWEST, Case


def turn(doing: str, turn_id: str = "t") -> dict[str, Any]:
    return {"type": f"input_audio.turn.{doing}", "turn_id": turn_id}


def text(doing: str, **members: Any) -> dict[str, Any]:
    return {"type": f"input_text.{doing}", "id": "i"} | members


CASES = (
    Case(
        "turn_id_used",
        (turn("start"), turn("start")),
        "Error starting input audio turn: a turn with id 't' already exists.",
        "invalid_value",
        "turn_id",
    ),
    Case(
        "too_many_open_turns",
        tuple(turn("start", f"t{number}") for number in range(101)),
        "Error starting input audio turn: 100 turns are open already; end or cancel one.",
        "invalid_value",
        "turn_id",
    ),
    Case(
        "no_such_turn",
        (turn("end"),),
        "Error ending input audio turn: there is no open turn with id 't'.",
        "invalid_value",
        "turn_id",
    ),
    Case(
        "turn_too_short",
        (turn("start"), turn("end")),
        "Error ending input audio turn: turn too short. Expected at least 100ms of audio, but turn only has 0.00ms of "
        "audio.",
        "input_audio_buffer_commit_empty",
    ),
    Case(
        "input_text_complete",
        (text("delta", delta="Hi."), text("done"), text("delta", delta="Hi.")),
        "Error appending input text: the item with id 'i' is already complete.",
        "invalid_value",
        "id",
        NEWEST,
    ),
    Case(
        "too_many_input_texts",
        tuple(text("delta", id=f"i{number}", delta="Hi.") for number in range(101)),
        "Error appending input text: 100 items are open already; complete one.",
        "invalid_value",
        "id",
        NEWEST,
    ),
    Case(
        "input_texts_full",
        (text("delta", delta="x" * (2**20 - 1)), text("delta", delta="x")),
        "Invalid 'delta'. The open items are full; complete one.",
        "invalid_value",
        "delta",
        NEWEST,
    ),
    Case(
        "no_such_input_text",
        (text("done"),),
        "Error completing input text: no text was sent for an item with id 'i'.",
        "invalid_value",
        "id",
        NEWEST,
    ),
)
