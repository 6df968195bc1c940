"""How far a recording has been listened to."""

from collections.abc import Sequence

import msgspec

from vlmock.protocol.wire import JsonObject
from vlmock.recording.to_scenario.story import Answer, Came, Place, Returned, Said, ServiceCall, Story

__all__ = ["Progress"]


class Progress(msgspec.Struct):
    """What is known after some of the messages."""

    timed: bool
    model_takes_s: float = 0.0
    """Usually, before it says anything."""
    story: Story = msgspec.field(default_factory=Story)
    place: Place = Place(0, 0.0)
    """Of the message that is looked at."""
    active: Answer | None = None
    """The response that is being given."""
    last_heard: float = 0.0
    """When the active response was last heard of."""
    came: Came = msgspec.field(default_factory=Came)
    """What has still to be answered."""
    said: dict[str, Said] = {}
    """By the id of its item."""
    spans: dict[str, list[int | None]] = {}
    """From when to when speech lasted, by the id of its item."""
    silences: set[str] = set()
    """Items of the user's that are nothing but silence."""
    calls: dict[str, str] = {}
    """Names of functions, by the id of their call."""
    service_calls: dict[str, ServiceCall] = {}
    """By the id of their item."""
    listings: dict[str, str] = {}
    """Labels of MCP servers, by the id of the item that lists their tools."""
    refused: set[str] = set()
    """Requests for approval that the client turned down, by their ids."""
    requests: list[JsonObject] = []
    """``response.create`` of the client, until their responses begin."""
    client_has_acted: bool = False
    """Since an answer was last done."""

    def lose(self, what: str, place: Place | None = None) -> None:
        """Note what a scenario cannot say."""
        place = place or self.place
        when = f" at {place.at:.1f} s" if self.timed else ""
        self.story.losses.append(f"{place}{when}: {what}")

    def answer_of(self, response_id: str) -> Answer | None:
        """The response that has this id."""
        answers: Sequence[Answer] = self.story.answers
        return next((answer for answer in reversed(answers) if answer.id == response_id), None)

    def returned(self, name: str, output: str, *, of_mcp: bool = False) -> None:
        """A tool has returned something, which is to be answered."""
        self.came.returned.append(Returned(name, output, of_mcp))
