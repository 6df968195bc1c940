"""input_text.*: what the user types, while it is typed. Source: schema B 19, 20."""

from collections.abc import Iterator

from vlmock.protocol.input_audio import InputTextDelta, InputTextDone
from vlmock.protocol.wire import given
from vlmock.session import refusals
from vlmock.session.answering.input_items import join
from vlmock.session.rules.values import check_not_empty
from vlmock.session.state import SessionState
from vlmock.session.timeline import Told

__all__ = ["on_text_delta", "on_text_done"]


def on_text_delta(state: SessionState, event: InputTextDelta) -> Iterator[Told]:
    """Assumed: never acknowledged, like audio. An id that nobody knows begins a user item; one that the conversation
    has, or that was given to what the user says, takes no text."""
    check_not_empty(event.id, "id")
    if event.id not in state.texts and (event.id in state.history or event.id in state.coming_items):
        raise refusals.input_text_complete(event.id)
    state.texts.append(event.id, given(event.content_index, 0), event.delta)
    state.coming_items.add(event.id)
    yield from ()


def on_text_done(state: SessionState, event: InputTextDone) -> Iterator[Told]:
    """Assumed {DOC}: the text becomes a user item, announced like any other at its end; starts no response."""
    item = state.texts.end(event.id, given(event.content_index, 0))
    if item is not None:
        state.coming_items.discard(event.id)
        yield join(state, item)
