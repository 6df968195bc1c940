"""The conversation's items: added, looked up, cut short, removed, written down.

Source: schema B 10 to 13; C 8 to 14; E6.
"""

from vlmock.protocol.errors import VoiceLiveErrorDetails
from vlmock.protocol.items import RequestItem, ResponseItem
from vlmock.protocol.wire import UNSET, ClientEvent, Int32, ServerEvent, UnsetType, WireObject

__all__ = [
    "ConversationItemCreate",
    "ConversationItemCreated",
    "ConversationItemDelete",
    "ConversationItemDeleted",
    "ConversationItemDone",
    "ConversationItemInputAudioTranscriptionCompleted",
    "ConversationItemInputAudioTranscriptionDelta",
    "ConversationItemInputAudioTranscriptionFailed",
    "ConversationItemRetrieve",
    "ConversationItemRetrieved",
    "ConversationItemTruncate",
    "ConversationItemTruncated",
    "LogProb",
    "TranscriptionPhrase",
    "TranscriptionWord",
]


class ConversationItemCreate(ClientEvent, tag="conversation.item.create", kw_only=True):
    """Add an item. Starts no response."""

    previous_item_id: str | UnsetType | None = UNSET
    """Insert after this one; ``root`` inserts first; at the end where not sent."""
    item: RequestItem


class ConversationItemCreated(ServerEvent, tag="conversation.item.created", kw_only=True):
    """An item is in the conversation: the client's, the user's, or the assistant's."""

    previous_item_id: str | UnsetType | None = UNSET
    item: ResponseItem | UnsetType = UNSET


class ConversationItemDone(ServerEvent, tag="conversation.item.done", kw_only=True):
    """A user item is complete. Observed {PAI}: in no enum of Voice Live, yet sent by native pipelines."""

    previous_item_id: str | UnsetType | None = UNSET
    item: ResponseItem | UnsetType = UNSET


class ConversationItemRetrieve(ClientEvent, tag="conversation.item.retrieve", kw_only=True):
    """Show me an item as the service has it."""

    item_id: str


class ConversationItemRetrieved(ServerEvent, tag="conversation.item.retrieved", kw_only=True):
    """The item, with its audio where it has any."""

    item: ResponseItem | UnsetType = UNSET


class ConversationItemTruncate(ClientEvent, tag="conversation.item.truncate", kw_only=True):
    """Cut an assistant item down to what the user has heard."""

    item_id: str
    content_index: Int32
    audio_end_ms: Int32
    """Heard so far, in milliseconds from the start of the item."""


class ConversationItemTruncated(ServerEvent, tag="conversation.item.truncated", kw_only=True):
    """The item was cut, by the client or by ``auto_truncate``."""

    item_id: str
    content_index: int
    audio_end_ms: int


class ConversationItemDelete(ClientEvent, tag="conversation.item.delete", kw_only=True):
    """Take an item out of the conversation."""

    item_id: str


class ConversationItemDeleted(ServerEvent, tag="conversation.item.deleted", kw_only=True):
    """The item is gone."""

    item_id: str


# ---- what the user said, in writing


class LogProb(WireObject, kw_only=True):
    """How sure the transcription is of one token. Since 2026-04-10."""

    token: str
    logprob: float
    bytes: list[int] | UnsetType | None = UNSET
    """The token in UTF-8."""


class TranscriptionWord(WireObject, kw_only=True):
    """When a word was said. Since 2026-04-10."""

    text: str
    offset_milliseconds: int
    duration_milliseconds: int


class TranscriptionPhrase(WireObject, kw_only=True):
    """When a phrase was said. Since 2026-04-10."""

    offset_milliseconds: int
    duration_milliseconds: int
    text: str
    words: list[TranscriptionWord] | UnsetType | None = UNSET
    locale: str | UnsetType | None = UNSET
    confidence: float | UnsetType | None = UNSET


class ConversationItemInputAudioTranscriptionDelta(
    ServerEvent, tag="conversation.item.input_audio_transcription.delta", kw_only=True
):
    """More of what the user said."""

    item_id: str
    content_index: int | UnsetType = UNSET
    delta: str | UnsetType = UNSET
    logprobs: list[LogProb] | UnsetType | None = UNSET


class ConversationItemInputAudioTranscriptionCompleted(
    ServerEvent, tag="conversation.item.input_audio_transcription.completed", kw_only=True
):
    """All that the user said in one item. Find the item by its id: these may come out of order."""

    item_id: str
    content_index: int
    transcript: str
    logprobs: list[LogProb] | UnsetType | None = UNSET
    phrases: list[TranscriptionPhrase] | UnsetType | None = UNSET


class ConversationItemInputAudioTranscriptionFailed(
    ServerEvent, tag="conversation.item.input_audio_transcription.failed", kw_only=True
):
    """Nobody could write down what the user said. The conversation goes on."""

    item_id: str
    content_index: int
    error: VoiceLiveErrorDetails
