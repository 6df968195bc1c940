"""What the service cuts by itself when the user speaks over a reply. Source: behaviour.md 3.5, schema D5."""

from collections.abc import Iterator

from vlmock.protocol.conversation import ConversationItemTruncated
from vlmock.protocol.items import AudioPart, MessageItem
from vlmock.protocol.turn_detection import VadSettings
from vlmock.protocol.wire import given
from vlmock.session.conversation.history import Entry
from vlmock.session.state import SessionState
from vlmock.session.timeline import Told

__all__ = ["truncate"]


def truncate(state: SessionState, detection: VadSettings) -> Iterator[Told]:
    """Observed {BANK}, documented {DOC}: on speech while a reply is believed to play, the service cuts it by itself,
    and a later cut by the client is refused. Assumed: it comes before the closing events of the response.

    Documented {DOC}: the conversation keeps the words that were played, and ``appended_text_after_truncation`` behind
    them.
    """
    playing = state.playback.interrupted(state.now)
    if playing is None:
        return
    item_id, audio_end_ms = playing
    entry = state.history.get(item_id)
    if entry is not None and not entry.truncated:
        heard = _played(_transcript(state, entry), audio_end_ms, entry.audio_ms)
        appended = given(detection.appended_text_after_truncation, "")
        state.history.truncate(entry, audio_end_ms, heard=heard + appended)
        yield ConversationItemTruncated(item_id=item_id, content_index=0, audio_end_ms=audio_end_ms)


def _transcript(state: SessionState, entry: Entry) -> str:
    """Of an item that may still be being said."""
    being_said = state.response.open_message if state.response else None
    if being_said is not None and being_said.item_id == entry.id:
        return being_said.text
    parts = entry.item.content if isinstance(entry.item, MessageItem) else ()
    return "".join(given(part.transcript, "") for part in parts if isinstance(part, AudioPart))


def _played(transcript: str, played_ms: float, spoken_ms: float) -> str:
    """Assumed: as much of the words as of the sound, and no word in part where spaces part them."""
    if played_ms >= spoken_ms:
        return transcript
    end = int(len(transcript) * played_ms / spoken_ms)
    if " " in transcript and not transcript[end].isspace():
        end = max(0, transcript.rfind(" ", 0, end))
    return transcript[:end]
