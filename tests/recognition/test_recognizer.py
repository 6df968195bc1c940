"""Which sentence was said, by pocketsphinx in a process beside."""

import importlib.util
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.recognition.speaking import VOICES, needs_flite, said
from vlmock.errors import RecognitionError
from vlmock.protocol.wav import parse_wav
from vlmock.recognition.recognizer import Recognizer, require_pocketsphinx
from vlmock.recognition.spelling import Vocabulary
from vlmock.scenario.hearing import unheard_of, vocabulary_of
from vlmock.scenario.model import Scenario

needs_pocketsphinx = pytest.mark.skipif(
    importlib.util.find_spec("pocketsphinx") is None,
    reason="pocketsphinx is not installed (pip install 'vlmock[recognition]')",
)
SENTENCES = (
    "What is on the menu today?",
    "I would like a pizza.",
    "I'd like the soup, please.",
    "A table for 2 at 8.",
    "My order is number 12.",
    "Is this Contoso?",
    "Yes, please.",
    "That was all, thank you.",
)


def vocabulary(*sentences: str) -> Vocabulary:
    scenario = Scenario.build(rules=[{"user": sentence, "reply": "Well."} for sentence in sentences])
    found = vocabulary_of(scenario)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def recognizer() -> Iterator[Recognizer]:
    recognizer = Recognizer()
    yield recognizer
    recognizer.close()


def heard(recognizer: Recognizer, samples: np.ndarray, known: Vocabulary, rate_hz: int = 24_000) -> str | None:
    likely = recognizer.listen(samples, rate_hz, known)
    return likely.sentence if likely is not None and likely.confidence >= 0.5 else None


# ---- what it understands


@needs_pocketsphinx
@needs_flite
@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_is_understood(recognizer: Recognizer, sentence: str, voice: str) -> None:
    """In three voices, numbers and a name that no dictionary has among them; as the scenario writes it."""
    assert heard(recognizer, said(sentence, voice=voice), vocabulary(*SENTENCES)) == sentence


@needs_pocketsphinx
@needs_flite
def test_a_number_may_be_read_in_several_ways(recognizer: Recognizer) -> None:
    """One two, or twelve."""
    known = vocabulary(*SENTENCES)
    assert heard(recognizer, said("my order is number one two"), known) == "My order is number 12."


@needs_pocketsphinx
@needs_flite
@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize(
    "sentence",
    ["My hovercraft is full of eels.", "Please read me the news.", "Where is the nearest station?", "Goodbye.", "No."],
)
def test_what_is_none_of_the_sentences_is_rejected(recognizer: Recognizer, sentence: str, voice: str) -> None:
    """However short."""
    assert heard(recognizer, said(sentence, voice=voice), vocabulary(*SENTENCES)) is None


@needs_pocketsphinx
@needs_flite
def test_part_of_a_sentence_is_not_the_sentence(recognizer: Recognizer) -> None:
    """Nor is more than it."""
    known = vocabulary("Yes, please.", "What is on the menu today?")
    for other in ("Yes.", "What is on?", "Yes, please, and what is the weather in Berlin?"):
        assert heard(recognizer, said(other), known) is None


@needs_pocketsphinx
@needs_flite
@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("sentence", ["Hello there.", "Yes, please.", "It is red."])
def test_nobody_says_anything_before_a_sentence_or_behind_it(recognizer: Recognizer, sentence: str, voice: str) -> None:
    """However long the silence is in which it is said."""
    known = vocabulary("Hello there.", "Yes, please.", "It is red.")
    alone, other = said(sentence, voice=voice), said("What about cheese?", voice=voice)
    assert heard(recognizer, np.pad(alone, (0, 48_000)), known) == sentence
    assert heard(recognizer, np.concatenate([alone, other]), known) is None
    assert heard(recognizer, np.concatenate([other, alone]), known) is None


@needs_pocketsphinx
@needs_flite
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("gain", [0.03, 2.0])
def test_rate_and_level_do_not_matter(recognizer: Recognizer, rate_hz: int, gain: float) -> None:
    """A telephone will do, and a whisper of a microphone."""
    samples = (said("I would like a pizza.", rate_hz=rate_hz) * gain).clip(-32768, 32767).astype(np.int16)
    assert heard(recognizer, samples, vocabulary(*SENTENCES), rate_hz) == "I would like a pizza."


@needs_pocketsphinx
@pytest.mark.parametrize("samples", [np.zeros(48_000, np.int16), np.zeros(0, np.int16)])
def test_silence_is_no_sentence(recognizer: Recognizer, samples: np.ndarray) -> None:
    """And breaks nothing."""
    assert heard(recognizer, samples, vocabulary(*SENTENCES)) is None


@needs_pocketsphinx
def test_people_are_understood(recognizer: Recognizer, shared: Path) -> None:
    """Recordings of people; each sentence among the others, and without itself among them rejected."""
    folder = shared / "speech"
    written = {"ps_goforward": "go forward ten meters", "ps_something": "go somewhere and do something"}
    for line in (folder / "librivox_transcription.txt").read_text().splitlines():
        words, _, name = line.partition("</s>")
        written[name.strip(" ()")] = words.replace("<s>", "").strip()
    sentences = list(written.values())
    right, wrong = 0, 0
    for name, sentence in written.items():
        sound = parse_wav((folder / f"{name}.wav").read_bytes())
        samples = sound.samples.astype(np.int16)
        right += heard(recognizer, samples, vocabulary(*sentences), sound.rate_hz) == sentence
        others = [other for other in sentences if other != sentence]
        wrong += heard(recognizer, samples, vocabulary(*others), sound.rate_hz) is not None
    assert (right, wrong) == (len(written), 0)


# ---- what nobody can be understood to say


def test_what_cannot_be_understood_is_said_with_its_place() -> None:
    """Words that have no Latin letters, and patterns whose words nobody knows."""
    rules = [{"user": "你好", "reply": "x"}, {"user": "/ab+c/", "reply": "x"}, {"user": ["Hi", "Привет"], "reply": "x"}]
    assert unheard_of(Scenario.build(rules=rules)) == [
        "rules[0]: '你好' cannot be recognised: its words are not in Latin letters",
        "rules[1]: a match of /ab+c/ cannot be recognised: give it 'transcript'",
        "rules[2]: 'Привет' cannot be recognised: its words are not in Latin letters",
    ]


def test_every_way_to_say_a_turn_is_listened_for() -> None:
    """The words of each pattern that has some, and the transcript."""
    turns = [
        {"user": ["Hello", {"contains": "good day"}, "/bye/"], "transcript": "Hey.", "reply": "x"},
        {"user": "Umm", "filler": True},
        {"tool": "look_up", "reply": "x"},
    ]
    known = vocabulary_of(Scenario.build(turns=turns, rules=[{"user": "HELLO!", "reply": "x"}]))
    assert known is not None
    assert known.sentences == {"hey": "Hey.", "hello": "Hello", "good day": "good day", "bye": "bye", "umm": "Umm"}
    assert known.pronunciations["hello"] == "HH EH L OW"


# ---- its processes


def children() -> set[int]:
    """The processes that this one has started and not forgotten."""
    return {int(pid) for task in Path("/proc/self/task").glob("*/children") for pid in task.read_text().split()}


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")


@needs_pocketsphinx
@needs_proc
def test_a_process_is_kept_and_ends_with_the_recognizer() -> None:
    """One for those who come one after the other."""
    before, recognizer = children(), Recognizer()
    assert children() == before
    for _ in range(3):
        recognizer.prepare(vocabulary("Hello."))
    assert len(children() - before) == 1
    recognizer.close()
    recognizer.close()
    assert children() == before
    with pytest.raises(RecognitionError, match="nobody listens any more"):
        recognizer.prepare(vocabulary("Hello."))


@needs_pocketsphinx
@needs_proc
def test_a_process_that_dies_is_reported_and_replaced() -> None:
    """With what it died of; the next turn is listened to."""
    before, recognizer = children(), Recognizer()
    recognizer.prepare(vocabulary("Hello."))
    (process,) = children() - before
    os.kill(process, signal.SIGKILL)
    with pytest.raises(RecognitionError, match="pocketsphinx ended with exit code -9 while it listened to a turn"):
        recognizer.prepare(vocabulary("Hello."))
    recognizer.prepare(vocabulary("Hello."))
    recognizer.close()


@needs_pocketsphinx
def test_what_pocketsphinx_complains_of_is_reported() -> None:
    """And the process goes on."""
    recognizer = Recognizer()
    broken = Vocabulary({"hello xyzzy": "Hello."}, {"xyzzy": "NO SUCH PHONES"})
    with pytest.raises(RecognitionError, match="pocketsphinx failed: "):
        recognizer.prepare(broken)
    recognizer.prepare(vocabulary("Hello."))
    recognizer.close()


@needs_pocketsphinx
@needs_flite
def test_the_interpreter_is_not_held_while_it_listens(recognizer: Recognizer) -> None:
    """Another thread goes on: pocketsphinx itself would stop it for as long as it decodes."""
    known = vocabulary(*SENTENCES)
    samples = np.concatenate([said("What is on the menu today?")] * 10)
    recognizer.prepare(known)
    done, longest = threading.Event(), 0.0

    def count() -> None:
        nonlocal longest
        last = time.perf_counter()
        while not done.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    counting = threading.Thread(target=count)
    counting.start()
    began = time.perf_counter()
    recognizer.listen(samples, 24_000, known)
    took = time.perf_counter() - began
    done.set()
    counting.join()
    assert longest < took / 2


def test_where_it_is_not_installed_one_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, not at the first turn."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RecognitionError, match="pip install 'vlmock\\[recognition\\]'"):
        require_pocketsphinx()
