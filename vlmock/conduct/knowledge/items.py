"""The conversation's items, by id."""

from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemCreated,
    ConversationItemDeleted,
)
from vlmock.protocol.input_audio import InputAudioBufferCommitted
from vlmock.protocol.items import RequestMessage
from vlmock.protocol.response import ResponseOutputItemAdded
from vlmock.protocol.wire import UnsetType

__all__ = ["Items"]


class Items:
    """Which items there are, and were."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        """Ids that the service has named."""
        self.deleted: set[str] = set()
        self.brought = 0
        """Messages that the client has added."""
        self.turns = 0
        """Of the user, spoken or typed."""

    def learn(self, event: object) -> None:
        match event:
            case ConversationItemCreated(item=item) | ResponseOutputItemAdded(item=item):
                if not isinstance(item, UnsetType):
                    self.seen.add(item.id)
            case InputAudioBufferCommitted(item_id=item_id):
                self.seen.add(item_id)
                self.turns += 1
            case ConversationItemDeleted(item_id=item_id):
                self.deleted.add(item_id)
            case ConversationItemCreate(item=RequestMessage(role=role)):
                self.brought += 1
                self.turns += role == "user"
