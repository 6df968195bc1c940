"""Stories: told in the order of time, abandoned without a trace."""

from vlmock.protocol.audio_format import output_format
from vlmock.protocol.input_audio import InputAudioBufferCleared
from vlmock.session.effects import Speech, SpeechRequest, Synthesize
from vlmock.session.timeline import At, AwaitSpeech, Plot, SpeechFailed, Timeline

SPEECH = Speech(b"", 0.0)
REQUEST = SpeechRequest(text="x", format=output_format("pcm16"))


def plot(log: list[str], name: str, *instants: float) -> Plot:
    for instant in instants:
        yield At(instant)
        log.append(f"{name}@{instant}")
        yield InputAudioBufferCleared()


def test_stories_are_told_in_the_order_of_time() -> None:
    """Two stories, interleaved by their instants, whichever began first."""
    log: list[str] = []
    timeline = Timeline(0.0)
    timeline.begin(plot(log, "a", 1, 4))
    timeline.begin(plot(log, "b", 2, 3))
    list(timeline.tell(2.5))
    assert log == ["a@1", "b@2"]
    assert timeline.next_deadline() == 3
    list(timeline.tell(9))
    assert log == ["a@1", "b@2", "b@3", "a@4"]
    assert timeline.next_deadline() is None


def test_now_is_the_instant_being_told_not_the_time_of_the_call() -> None:
    """A late driver does not make a conversation drift."""
    timeline = Timeline(0.0)
    seen: list[float] = []

    def story() -> Plot:
        yield At(1.0)
        seen.append(timeline.now)
        yield At(timeline.now + 1.0)
        seen.append(timeline.now)

    timeline.begin(story())
    list(timeline.tell(5.0))
    assert seen == [1.0, 2.0]
    assert timeline.now == 5.0


def test_an_abandoned_story_says_nothing_more() -> None:
    """Its plot is closed; its deadline is gone."""
    log: list[str] = []
    timeline = Timeline(0.0)
    story = timeline.begin(plot(log, "a", 1, 2))
    list(timeline.tell(1))
    timeline.abandon(story)
    assert timeline.next_deadline() is None
    assert list(timeline.tell(9)) == []


def test_a_story_may_abandon_itself() -> None:
    """As a response does that ends the session's own story."""
    timeline = Timeline(0.0)

    def suicidal() -> Plot:
        timeline.abandon(story)
        yield InputAudioBufferCleared()
        raise AssertionError("told too much")

    story = timeline.begin(suicidal())
    assert len(list(timeline.tell(1))) == 1


def test_speech_that_comes_early_is_kept_and_late_speech_is_waited_for() -> None:
    """Ordered first, needed later: whichever comes first, the story goes on with the speech."""
    timeline = Timeline(0.0)
    got: list[object] = []

    def story() -> Plot:
        yield Synthesize(1, REQUEST)
        yield Synthesize(2, REQUEST)
        yield At(1.0)
        got.append((yield AwaitSpeech(1)))
        got.append((yield AwaitSpeech(2)))

    timeline.begin(story())
    assert len(list(timeline.tell(0.0))) == 2
    timeline.supply(1, SPEECH, 0.1)
    list(timeline.tell(1.0))
    assert got == [SPEECH]
    assert timeline.awaits_speech
    assert timeline.next_deadline() is None
    timeline.supply(2, SPEECH, 7.0)
    assert timeline.next_deadline() == 7.0
    list(timeline.tell(7.0))
    assert got == [SPEECH, SPEECH]


def test_a_failure_to_speak_is_thrown_where_the_speech_was_awaited() -> None:
    """Also when it failed before it was needed."""
    timeline = Timeline(0.0)
    caught: list[str] = []

    def story() -> Plot:
        yield Synthesize(1, REQUEST)
        yield At(1.0)
        try:
            yield AwaitSpeech(1)
        except SpeechFailed as failed:
            caught.append(str(failed))

    timeline.begin(story())
    list(timeline.tell(0.0))
    timeline.supply(1, SpeechFailed("no such file"), 0.0)
    list(timeline.tell(1.0))
    assert caught == ["no such file"]


def test_speech_for_an_abandoned_story_is_of_no_interest() -> None:
    """Nothing is kept for it."""
    timeline = Timeline(0.0)

    def story() -> Plot:
        yield Synthesize(1, REQUEST)
        yield AwaitSpeech(1)

    told = timeline.begin(story())
    list(timeline.tell(0.0))
    timeline.abandon(told)
    timeline.supply(1, SPEECH, 1.0)
    assert list(timeline.tell(2.0)) == []


def test_an_acknowledgement_is_ended_before_its_time_when_asked() -> None:
    """Answers keep the order of what they answer; other stories are left alone."""
    log: list[str] = []
    timeline = Timeline(0.0)
    timeline.begin(plot(log, "ack", 5), acknowledges=True)
    timeline.begin(plot(log, "other", 6))
    assert len(list(timeline.acknowledge())) == 1
    assert log == ["ack@5"]
    assert timeline.now == 0.0
