"""Why a conversation did not go on: what clients forget, read off what was said. Pure functions."""

from collections.abc import Sequence

from vlmock.scenario.expectations import JournalEvent

__all__ = ["standstill"]


def standstill(events: Sequence[JournalEvent]) -> str | None:
    """A sentence for the author of a client whose scenario was not played to its end; None when nothing is to be seen.

    ``events``: those of one connection, in order.
    """
    said = [event for event in events if event.source != "vlmock"]
    types = [event.type for event in said]
    if not any(event.source == "client" for event in said):
        return "the client sent nothing"
    if types[-1] == "error" and said[-1].source == "server":
        return f"the client was refused last: {said[-1].body()['error']['message']}"
    speech_ended = _last(types, "input_audio_buffer.speech_stopped", "input_audio_buffer.committed")
    if _last(types, "input_audio_buffer.speech_started") > speech_ended:
        return "speech began and did not end: a turn ends with silence of turn_detection.silence_duration_ms"
    answered = _last(types, "response.create", "response.created")
    if _last(types, "conversation.item.create", "input_audio_buffer.committed") > answered:
        return "the client asked for no response (response.create) after what came last"
    since = types[answered + 1 :]
    appended = since.count("input_audio_buffer.append")
    if appended and "input_audio_buffer.speech_started" not in since:
        return f"no speech was found in the sound that the client sent ({appended} events)"
    if types[-1] == "response.done":
        return "after the last response the client sent nothing more"
    return None


def _last(types: Sequence[str], *wanted: str) -> int:
    """Where one of these came last; -1 when none did."""
    return next((place for place in reversed(range(len(types))) if types[place] in wanted), -1)
