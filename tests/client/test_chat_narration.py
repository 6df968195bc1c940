"""How a conversation is told: what is a line, whose, and in which order. In virtual time; nothing here waits."""

import io
from typing import Any

import msgspec
import pytest

from tests.client import service_says as says
from vlclient.audio.ports import Part
from vlclient.chat.display import PlainDisplay, Status, Who
from vlclient.chat.narration import BENIGN, Narration
from vlclient.chat.sound import level_db
from vlclient.chat.spoken_order import PATIENCE_S
from vlclient.chat.summary import summary_lines
from vlclient.errors import ConnectionClosed
from vlclient.latency import Latency
from vlclient.reconnect import Reconnected, Reconnecting
from vlclient.transcripts import Transcripts
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import ConversationItemCreate
from vlmock.protocol.errors import WarningDetails, WarningEvent
from vlmock.protocol.items import InputTextPart, RequestMessage
from vlmock.protocol.response import FailedDetails, IncompleteDetails, Response, ResponseCreate, ResponseDone
from vlmock.protocol.session import ResponseSession, SessionCreated, SessionUpdated
from vlmock.protocol.turn_detection import EndOfUtteranceDetection
from vlmock.protocol.voices import OpenAIVoice


class Notebook:
    """A display that keeps what it is shown."""

    is_live = True

    def __init__(self) -> None:
        self.status = Status()
        self.lines: list[tuple[Who, str]] = []
        self.unfinished: dict[str, tuple[Who, str]] = {}

    def line(self, who: Who, text: str) -> None:
        self.lines.append((who, text))

    def saying(self, item_id: str, who: Who, text: str) -> None:
        self.unfinished[item_id] = who, text

    def said(self, item_id: str) -> None:
        self.unfinished.pop(item_id, None)

    def refresh(self) -> None: ...

    def close(self) -> None: ...


class Story:
    """A narration, with what it is told about: ``hears`` lets time pass and events come."""

    def __init__(self) -> None:
        self.now = 100.0
        self.display = Notebook()
        self.latency = Latency()
        self.transcripts = Transcripts()
        self.narration = Narration(self.display, self.transcripts, self.latency)

    def hears(self, *events: Any) -> "Story":
        for event in events:
            self.transcripts.receive(event)
            self.latency.receive(event, self.now)
            self.narration.take(event, self.now)
        return self

    def waits(self, seconds: float, *, is_idle: bool = True) -> "Story":
        self.now += seconds
        self.narration.tick(self.now, is_idle=is_idle)
        return self

    def first_heard(self, item_id: str) -> None:
        part = Part(item_id)
        self.latency.first_heard(part, self.now)
        self.narration.first_heard(part, self.now)

    def lines(self) -> list[tuple[Who, str]]:
        """Those that came since the last time."""
        lines, self.display.lines = self.display.lines, []
        return lines


@pytest.fixture
def story() -> Story:
    return Story()


# ---- the order of what was said


def test_what_was_said_is_a_line_when_it_is_complete(story):
    """In pieces before that, which are only shown while they come."""
    story.hears(says.committed("u1"), says.user_words("u1", "Hello?"), says.created("r1"))
    assert story.lines() == [("you", "Hello?")]
    story.hears(says.item_added(says.message("m1", "incomplete")), says.words("r1", "Good"), says.words("r1", " day."))
    assert story.lines() == []
    assert story.display.unfinished == {"m1": ("assistant", "Good day.")}
    story.hears(says.words_done("r1", "Good day."), says.item_done(says.message("m1", transcript="Good day.")))
    assert story.lines() == [("assistant", "Good day.")]
    assert story.display.unfinished == {}


def test_the_answer_waits_for_the_words_that_it_answers(story):
    """Observed {FON}: beside a realtime model the user's transcript may come after the answer."""
    story.hears(says.committed("u1"), says.spoken_item("u1"), says.created("r1"))
    story.hears(says.words("r1", "Noon."), says.item_done(says.message("m1", transcript="Noon.")))
    assert story.lines() == []
    assert story.display.unfinished == {"m1": ("assistant", "Noon.")}
    story.hears(says.user_words("u1", "What time is it?"))
    assert story.lines() == [("you", "What time is it?"), ("assistant", "Noon.")]


def test_it_does_not_wait_for_ever(story):
    """Some transcripts never come; one that comes after that is told where it comes."""
    story.hears(says.committed("u1"), says.words("r1", "Noon."), says.item_done(says.message("m1", transcript="Noon.")))
    assert story.waits(PATIENCE_S - 0.1).lines() == []
    assert story.waits(0.2).lines() == [("assistant", "Noon.")]
    assert story.hears(says.user_words("u1", "What time is it?")).lines() == [("you", "What time is it?")]


def test_each_is_told_once_unless_it_becomes_better(story):
    """Observed {PIPE}: a transcript may be repeated, and an empty one takes nothing back."""
    story.hears(says.committed("u1"), says.user_words("u1", "Wether?"))
    story.lines()
    assert story.hears(says.user_words("u1", "Wether?"), says.user_words("u1", "")).lines() == []
    assert story.hears(says.user_words("u1", "Whether?")).lines() == [("you", "Whether?")]


def test_what_nobody_could_write_down(story):
    """Is a line too, and holds nothing up."""
    story.hears(says.committed("u1"), says.user_words_failed("u1"))
    assert story.lines() == [("you", "(not written down: The deployment does not exist.)")]
    story.hears(says.item_done(says.message("m1", transcript="Pardon?")))
    assert story.lines() == [("assistant", "Pardon?")]


def test_at_the_end_everything_is_told(story):
    """What waited, and what was never finished."""
    story.hears(says.committed("u1"), says.user_words_delta("u1", "What ti"), says.words("r1", "No"))
    story.lines()
    story.narration.finish()
    assert story.lines() == [("you", "What ti …"), ("assistant", "No …")]
    assert story.display.unfinished == {}


def test_an_interruption_says_how_much_was_heard(story):
    """As the service confirms it; the words are those that were said."""
    story.hears(says.words("r1", "Once upon a time"), says.item_done(says.message("m1", transcript="Once upon a time")))
    story.lines()
    story.hears(says.speech_started("u2"), says.truncated("m1", 1250))
    assert story.lines() == [("you", "(speaking)"), ("assistant", "(interrupted after 1.2 s)")]


# ---- who speaks


def test_who_speaks(story):
    """You, the assistant, or nobody, who may be thinking."""
    speakers = []

    def look(**options: bool) -> None:
        story.waits(0.1, **options)
        speakers.append(story.display.status.speaker)

    look()
    story.hears(says.speech_started("u1"))
    look()
    story.hears(says.speech_stopped("u1"), says.committed("u1"), says.created("r1"), says.audio("r1"))
    look(is_idle=False)
    story.first_heard("m1")
    look(is_idle=False)
    story.hears(says.done("r1"))
    look()
    story.hears(says.speech_started("u2"))
    look()
    assert speakers == [
        "listening",
        "you are speaking",
        "the assistant thinks",
        "the assistant speaks",
        "the assistant speaks",
        "you are speaking",
    ]


def test_the_latency_of_each_turn_is_told_once(story):
    """When its first sound is heard; the parts after it are no news."""
    story.latency.appended(2000, story.now)
    story.hears(says.speech_started("u1"), says.detecting(silence_duration_ms=500))
    story.lines()
    event = msgspec.structs.replace(says.speech_stopped("u1"), audio_end_ms=2000)
    story.now += 0.2
    story.hears(event, says.committed("u1"), says.created("r1"), says.audio("r1"), says.audio("r1", item_id="m2"))
    story.now += 0.4
    story.first_heard("m1")
    story.first_heard("m2")
    assert story.lines() == [("-", "first sound 1.10 s after the end of speech")]
    assert story.display.status.last_turn_s == pytest.approx(1.1)


def test_a_question_in_writing_is_a_turn_too(story):
    """From the moment when it was sent; and tools are named as what took the time."""
    typed = ConversationItemCreate(item=RequestMessage(role="user", content=[InputTextPart(text="Hi")]))
    story.latency.sent(typed, story.now)
    story.latency.sent(ResponseCreate(), story.now)
    story.hears(says.created("r1"), says.call_added("c1"), says.arguments_done("c1"))
    story.now += 0.5
    story.latency.sent(says.output("c1"), story.now)
    story.hears(says.created("r2"), says.audio("r2"))
    story.lines()
    story.first_heard("m2")
    assert story.lines() == [("-", "first sound 0.50 s after the question, of which tools took 0.50 s")]


# ---- tools


def test_calls_of_tools(story):
    """What was called with what, and what it returned. Some services leave the name out of the event."""
    story.hears(says.call_added("c1"), says.arguments_done("c1"))
    story.waits(0.25).hears(says.output_confirmed("c1"))
    assert story.lines() == [("tool", "weather({})"), ("tool", "weather -> sun (0.25 s)")]


def test_history_that_is_told_again_is_no_news(story):
    """After a reconnect the outputs of tools come back as items."""
    story.hears(says.call_added("c1"), says.arguments_done("c1"), says.output_confirmed("c1"))
    story.lines()
    assert story.hears(says.output_confirmed("c1"), says.output_confirmed("c9")).lines() == []


# ---- trouble


def test_errors_are_lines_unless_they_mean_nothing(story):
    """Both sides may act at the same moment; that is nobody's business."""
    for code in BENIGN:
        story.hears(says.error(code))
    assert (story.lines(), story.narration.error) == ([], None)
    story.hears(says.error("invalid_value", param="session.voice"), says.error(None))
    assert story.lines() == [
        ("error", "the service says [invalid_value]: No. (at session.voice)"),
        ("error", "the service says: No."),
    ]
    assert story.narration.error == says.error(None)


@pytest.mark.parametrize(
    ("details", "line"),
    [
        (FailedDetails(error={"message": "Too many requests."}), "the answer failed: Too many requests."),
        (FailedDetails(error=None), "the answer failed: the service does not say why"),
        (IncompleteDetails(reason="max_output_tokens"), "the answer was cut short: max_output_tokens"),
    ],
)
def test_an_answer_that_is_none_or_not_whole(story, details, line):
    """Why, if anybody knows."""
    story.hears(ResponseDone(response=Response(id="r1", status="failed", status_details=details)))
    assert story.lines() == [("error", line)]


def test_a_connection_that_comes_and_goes(story):
    """Lost, dialled again, and what it cost; the new session's greetings are not told again."""
    story.hears(
        SessionCreated(session=ResponseSession(id="sess_1", model="gpt-4o")),
        SessionUpdated(session=ResponseSession(voice=OpenAIVoice(name="alloy"))),
    )
    assert story.lines() == [
        ("-", "connected to gpt-4o, session sess_1"),
        ("-", "speak; alloy answers; q + Enter or Ctrl-C ends"),
    ]
    story.hears(Reconnecting(1, 0.5, ConnectionClosed(1006, "")))
    assert story.display.status.connection == "reconnecting (1)"
    story.hears(SessionCreated(session=ResponseSession(id="sess_2")), SessionUpdated(session=ResponseSession()))
    story.hears(Reconnected(1, 4, ("the rest of a response",)))
    assert story.display.status.connection == "connected"
    assert story.lines() == [
        ("error", "the connection was closed with code 1006 (no reason given); dialling again in 0.5 s (attempt 1)"),
        ("-", "connected again, 4 items told again; lost: the rest of a response"),
    ]


def test_turns_by_hand_are_explained(story):
    """Where the service does not look for their end, Enter is."""
    story.hears(SessionUpdated(session=ResponseSession(turn_detection=None)))
    assert story.lines() == [("-", "speak when you press Enter; q + Enter or Ctrl-C ends")]


def test_what_is_unknown_is_no_news(story):
    """The service adds events; warnings are told."""
    story.hears(UnknownServerEvent("new.thing", None, {}), WarningEvent(warning=WarningDetails(message="Old version.")))
    assert story.lines() == [("-", "the service warns: Old version.")]


# ---- lines, levels, sums


def test_plain_lines():
    """Seconds since the beginning, who, text; one line each, at once, whatever is in the text."""
    stream, times = io.StringIO(), iter([10.0, 11.5, 75.25])
    display = PlainDisplay(stream, clock=lambda: next(times))
    display.line("you", "Hello\nthere\x1b[2J")
    display.line("assistant", "Good day.")
    assert stream.getvalue() == ("    1.50  you        Hello\\u000athere\\u001b[2J\n   65.25  assistant  Good day.\n")


def test_nothing_is_shown_where_there_is_no_standard_output():
    """A program of the background has none."""
    PlainDisplay(None).line("you", "Hello")


@pytest.mark.parametrize(
    ("block", "expected"),
    [(b"", -96), (bytes(960), -96), (b"\x00\x80" * 480, 0.0), (b"\x00\x08" * 480, -24.08), (b"\x01\x00" * 480, -90.3)],
)
def test_how_loud_a_block_is(block, expected):
    """In dB below the loudest square wave; silence is what 16 bits call silence."""
    assert level_db(block) == pytest.approx(expected, abs=0.01)


class Counts:
    dropped_blocks, overflows, underruns, dropped_ms = 3, 0, 2, 1500.0


def test_the_summary_says_what_was_lost():
    """And nothing of what was not."""
    assert list(summary_lines(Latency(), lasted_s=125.26, ear=Counts(), mouth=Counts())) == [
        "0 turns in 2 min 5.3 s",
        "3 blocks of the microphone were dropped, because the network was too slow",
        "2 gaps in the assistant's speech, because the network was too slow",
        "1.5 s of the assistant's speech were never played, because too much was waiting",
    ]


def test_the_summary_says_how_uncertain_it_is(story):
    """Whether a second opinion waited is not known."""
    story.latency.appended(2000, story.now)
    story.hears(
        says.detecting(end_of_utterance_detection=EndOfUtteranceDetection(model="semantic_detection_v1")),
        says.speech_stopped("u1"),
    )
    story.hears(says.committed("u1"), says.user_words("u1", "Hi"))
    lines = list(summary_lines(story.latency, lasted_s=1, ear=None, mouth=None))
    assert lines[0] == "1 turn in 1.0 s"
    assert "may have waited up to 1 s more" in lines[-1]
