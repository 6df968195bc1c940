"""Turns and texts that the client streams under ids of its own. No source names these refusals."""

from vlmock.session.refusals.envelope import Refused, invalid_value, refused

__all__ = [
    "input_text_complete",
    "input_texts_full",
    "no_such_input_text",
    "no_such_turn",
    "too_many_input_texts",
    "too_many_open_turns",
    "turn_id_used",
    "turn_too_short",
]


def turn_id_used(turn_id: str) -> Refused:
    """Assumed: an id names one turn of the session, also when that is over. Words and code as for items."""
    message = f"Error starting input audio turn: a turn with id '{turn_id}' already exists."
    return invalid_value(message, "turn_id")


def too_many_open_turns(open_turns: int) -> Refused:
    """Assumed: so many may be open at once."""
    message = f"Error starting input audio turn: {open_turns} turns are open already; end or cancel one."
    return invalid_value(message, "turn_id")


def no_such_turn(turn_id: str, doing: str) -> Refused:
    """Assumed: a turn that was never started, or is over. Words and code as for items."""
    message = f"Error {doing} input audio turn: there is no open turn with id '{turn_id}'."
    return invalid_value(message, "turn_id")


def turn_too_short(audio_ms: float) -> Refused:
    """Assumed: the same limit, code and style as for a commit {STTX}."""
    message = (
        "Error ending input audio turn: turn too short. Expected at least 100ms of audio, "
        f"but turn only has {audio_ms:.2f}ms of audio."
    )
    return refused(message, code="input_audio_buffer_commit_empty")


def input_text_complete(item_id: str) -> Refused:
    """Assumed: text goes into an item until it is done, and not into an item that came otherwise."""
    message = f"Error appending input text: the item with id '{item_id}' is already complete."
    return invalid_value(message, "id")


def too_many_input_texts(open_items: int) -> Refused:
    """Assumed: so many may be open at once."""
    message = f"Error appending input text: {open_items} items are open already; complete one."
    return invalid_value(message, "id")


def input_texts_full() -> Refused:
    """Assumed: a bound on what is not complete yet. Words as for audio."""
    return invalid_value("Invalid 'delta'. The open items are full; complete one.", "delta")


def no_such_input_text(item_id: str) -> Refused:
    """Assumed (schema G): an ``id`` that nobody knows is an error."""
    message = f"Error completing input text: no text was sent for an item with id '{item_id}'."
    return invalid_value(message, "id")
