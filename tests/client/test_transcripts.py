"""Words and whose they are: by item id, in the conversation's order, however they come."""

import pytest

from tests.client.service_says import (
    call,
    committed,
    created,
    deleted,
    done,
    item_added,
    item_created,
    item_done,
    message,
    output_confirmed,
    speech_started,
    spoken_item,
    text,
    text_done,
    truncated,
    typed_item,
    user_words,
    user_words_delta,
    user_words_failed,
    words,
    words_done,
    written_message,
)
from vlclient.transcripts import Transcript, Transcripts
from vlmock.protocol.conversation import ConversationItemCreate
from vlmock.protocol.items import InputImagePart, InputTextPart, MessageItem, RequestMessage


def told(*events) -> Transcripts:
    transcripts = Transcripts()
    for event in events:
        transcripts.receive(event)
    return transcripts


USERS = [
    pytest.param([], Transcript("u1", "user"), id="nothing yet"),
    pytest.param([user_words("u1", "Hi")], Transcript("u1", "user", "Hi", final=True), id="at once"),
    pytest.param(
        [user_words_delta("u1", "H"), user_words_delta("u1", "i")], Transcript("u1", "user", "Hi"), id="in pieces"
    ),
    pytest.param(
        [user_words_delta("u1", "Hj"), user_words("u1", "Hi"), user_words_delta("u1", "Hi")],
        Transcript("u1", "user", "Hi", final=True),
        id="the whole corrects the pieces, a late piece adds nothing",
    ),
    pytest.param([user_words("u1", "")], Transcript("u1", "user", final=True), id="empty"),
    pytest.param(
        [user_words("u1", "Hi"), user_words("u1", "")], Transcript("u1", "user", "Hi", final=True), id="then empty"
    ),
    pytest.param(
        [user_words("u1", ""), user_words("u1", ""), user_words("u1", "Hi")],
        Transcript("u1", "user", "Hi", final=True),
        id="empty, twice, then not",
    ),
    pytest.param([user_words_failed("u1")], Transcript("u1", "user", final=True, failed=True), id="failed"),
    pytest.param(
        [user_words_failed("u1"), user_words("u1", "Hi")],
        Transcript("u1", "user", "Hi", final=True),
        id="failed, then not",
    ),
    pytest.param(
        [user_words("u1", "Hi"), user_words_failed("u1")],
        Transcript("u1", "user", "Hi", final=True),
        id="a late failure takes nothing back",
    ),
    pytest.param([spoken_item("u1", "Hi")], Transcript("u1", "user", "Hi", final=True), id="in the item (cascade)"),
    pytest.param([spoken_item("u1", None)], Transcript("u1", "user"), id="not in the item (native)"),
]


@pytest.mark.parametrize(("events", "expected"), USERS)
def test_the_users_words(events, expected: Transcript):
    """Observed {FON, PIPE, PAI}, behaviour.md 3.3: late, empty, twice, in pieces, not at all."""
    assert told(committed("u1"), *events).of("u1") == expected


ASSISTANTS = [
    pytest.param([words("r1", "Go"), words("r1", "od")], Transcript("m1", "assistant", "Good"), id="spoken"),
    pytest.param(
        [words("r1", "Go"), words_done("r1", "Good")], Transcript("m1", "assistant", "Good"), id="the whole counts"
    ),
    pytest.param(
        [words("r1", "Good"), words_done("r1", "Good"), item_done(message(transcript="Good")), done()],
        Transcript("m1", "assistant", "Good", final=True),
        id="to its end",
    ),
    pytest.param(
        [text("r1", "Good"), text_done("r1", "Good"), item_done(written_message("m1", ""))],
        Transcript("m1", "assistant", "Good", final=True),
        id="written, and empty in the item (Observed {PAI})",
    ),
    pytest.param(
        [item_done(written_message("m1", "Good"))], Transcript("m1", "assistant", "Good", final=True), id="only whole"
    ),
    pytest.param(
        [words("r1", "Go"), item_done(message(status="incomplete"))],
        Transcript("m1", "assistant", "Go", final=True, cut=True),
        id="broken off",
    ),
    pytest.param(
        [words("r1", "Go"), done("r1", "failed")],
        Transcript("m1", "assistant", "Go", final=True, cut=True),
        id="failed without a word",
    ),
    pytest.param(
        [words("r1", "Good"), item_done(message()), done("r1", "cancelled", message())],
        Transcript("m1", "assistant", "Good", final=True),
        id="called cancelled, but complete (Observed {NB04})",
    ),
    pytest.param(
        [words("r1", "Good"), item_done(message()), truncated("m1")],
        Transcript("m1", "assistant", "Good", final=True, cut=True),
        id="truncated",
    ),
]


@pytest.mark.parametrize("status", ["incomplete", "in_progress"])
@pytest.mark.parametrize(("events", "expected"), ASSISTANTS)
def test_the_assistants_words(events, expected: Transcript, status: str):
    """Behaviour.md 4.1, 4.3, 4.9. On the cascade a message begins as ``incomplete``, which means nothing."""
    begins = message(status=status)
    assert told(created(), item_added(begins), item_created(begins), *events).of("m1") == expected


def test_a_message_of_several_parts_reads_as_one():
    """Parts are put together in their order, whatever order they come in."""
    parts = [InputTextPart(text="Look: "), InputImagePart(image_url="x"), InputTextPart(text="a cat.")]
    event = item_created(MessageItem(id="u1", status="completed", role="user", content=parts))
    assert told(event).of("u1") == Transcript("u1", "user", "Look: a cat.", final=True)


def test_an_interrupted_response_adds_no_words():
    """What had been finished before is left alone."""
    transcripts = told(words("r1", "One."), item_done(message("m1")), words("r1", "Tw", item_id="m2"), words("r3", "A"))
    transcripts.interrupted("r1")
    transcripts.receive(words("r1", "o.", item_id="m2"))
    transcripts.receive(done("r1", "cancelled", message("m2", "incomplete", "Two.")))
    assert list(transcripts) == [
        Transcript("m1", "assistant", "One.", final=True),
        Transcript("m2", "assistant", "Tw", final=True, cut=True),
        Transcript("m3", "assistant", "A"),
    ]


def test_a_lost_connection_ends_what_was_being_said():
    """Nothing more comes of it."""
    transcripts = told(user_words("u1", "Hi"), words("r1", "Go"))
    transcripts.disconnected()
    assert list(transcripts) == [
        Transcript("u1", "user", "Hi", final=True),
        Transcript("m1", "assistant", "Go", final=True, cut=True),
    ]


def test_what_is_told_again_is_not_said_twice():
    """After a reconnect the history comes back as items with their old ids; what was cut stays as it was."""
    transcripts = told(user_words("u1", "Hi"), words("r1", "Good morning"))
    transcripts.disconnected()
    before = list(transcripts)
    transcripts.receive(typed_item("u1", "Hi"))
    transcripts.receive(item_created(written_message("m1", "Good"), "u1"))
    assert list(transcripts) == before


ORDERS = [
    pytest.param(
        [
            typed_item("u1", "a"),
            item_created(message("m1"), "u1"),
            typed_item("u2", "b", "m1"),
            item_created(message("m2"), "u2"),
        ],
        ["u1", "m1", "u2", "m2"],
        id="native: each names the one before it",
    ),
    pytest.param(
        [
            committed("u1"),
            user_words("u1", "a"),
            spoken_item("u1", "a"),
            item_added(message("m1")),
            item_created(message("m1"), "u1"),
            committed("u2", "u1"),
            user_words("u2", "b"),
            spoken_item("u2", "b", "u1"),
            item_created(message("m2"), "u2"),
        ],
        ["u1", "m1", "u2", "m2"],
        id="cascade: the user's items name the user's items",
    ),
    pytest.param(
        [
            spoken_item("u1", "a"),
            item_created(message("m1"), "u1"),
            item_created(call("c1"), "u1"),
            output_confirmed("c1"),
            item_created(message("m2"), "u1"),
            spoken_item("u2", "b", "u1"),
        ],
        ["u1", "m1", "m2", "u2"],
        id="cascade: a round of tools",
    ),
    pytest.param(
        [
            committed("u1"),
            item_added(message("m1")),
            item_created(message("m1"), "u1"),
            committed("u2", "u1"),
            item_created(message("m2"), "u1"),
        ],
        ["u1", "m1", "m2", "u2"],
        id="the answer goes on while the user speaks",
    ),
    pytest.param(
        [
            spoken_item("u1"),
            created(),
            item_created(message("m1"), "u1"),
            words("r1", "x"),
            spoken_item("u2", None, "m1"),
            user_words("u2", "b"),
            user_words("u1", "a"),
        ],
        ["u1", "m1", "u2"],
        id="native: words come late and out of order",
    ),
    pytest.param(
        [
            typed_item("u1", "a"),
            item_created(message("m1"), "u1"),
            item_created(message("m2"), "m1"),
            typed_item("u2", "b", "m1"),
        ],
        ["u1", "m1", "u2", "m2"],
        id="right behind an item of the assistant",
    ),
    pytest.param(
        [typed_item("u1", "a", ""), typed_item("u2", "b", ""), typed_item("u3", "c", None)],
        ["u1", "u2", "u3"],
        id="empty strings and nulls",
    ),
    pytest.param(
        [typed_item("u1", "a"), item_created(message("m1"), "u1"), typed_item("u2", "b", "m1"), deleted("m1")],
        ["u1", "u2"],
        id="deleted",
    ),
    pytest.param([user_words("u1", "a"), words("r1", "b")], ["u1", "m1"], id="nobody announced anything"),
    pytest.param([speech_started("u1")], [], id="speech that may come to nothing"),
    pytest.param(
        [item_created(MessageItem(id="s1", status="completed", role="system", content=[])), typed_item("u1", "a")],
        ["u1"],
        id="the system says nothing",
    ),
]


@pytest.mark.parametrize(("events", "order"), ORDERS)
def test_the_order_of_the_conversation(events, order: list[str]):
    """Behaviour.md 0, 1: what ``previous_item_id`` means differs between the pipelines."""
    transcripts = told(*events)
    assert [each.item_id for each in transcripts] == order
    assert len(transcripts) == len(order)


@pytest.mark.parametrize(
    ("after", "order"), [("root", ["u9", "u1", "m1", "u2"]), ("u1", ["u1", "u9", "m1", "u2"]), ("m1", None)]
)
def test_an_item_stands_where_the_client_wanted_it(after: str, order: list[str] | None):
    """Documented {DOC}: ``root`` inserts first; else right behind the item that is named."""
    transcripts = told(typed_item("u1", "a"), item_created(message("m1"), "u1"), typed_item("u2", "b", "m1"))
    item = RequestMessage(id="u9", role="user", content=[InputTextPart(text="c")])
    transcripts.sent(ConversationItemCreate(previous_item_id=after, item=item))
    transcripts.receive(typed_item("u9", "c", None if after == "root" else after))
    assert [each.item_id for each in transcripts] == (order or ["u1", "m1", "u9", "u2"])


def test_nobody_has_said_anything_in_an_unknown_message():
    """It may yet come."""
    assert Transcripts().of("u1") is None
