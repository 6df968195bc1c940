"""When which word and which sound comes: told by the engines, judged by the sound and by their own output."""

import re
import subprocess
import wave
from itertools import pairwise
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from vlmock.protocol.audio_format import output_format
from vlmock.scenario import engine_times, pronunciation
from vlmock.scenario.builtin_voice import speak, timed
from vlmock.scenario.external_voices import VOICES
from vlmock.scenario.pronunciation import CONSONANTS, VOWELS, phrases
from vlmock.scenario.sounding_parts import sounding_parts
from vlmock.scenario.speech import SpeechStudio
from vlmock.scenario.timed_speech import marks_of, words_of
from vlmock.scenario.visemes import ARPABET, BUILTIN, of_ipa
from vlmock.session.effects import Speech, SpeechMarks, SpeechRequest

LINE = "Hello, my number is 25. What's the matter with it, a lot of the time? Yes"
WORDS = ["Hello", "my", "number", "is", "25", "What's", "the", "matter", "with", "it", "a", "lot", "of", "the", "time"]
WORDS += ["Yes"]

needs_flite = pytest.mark.skipif(which("flite") is None, reason="flite is not installed (apt install flite)")
needs_espeak = pytest.mark.skipif(
    which("espeak-ng") is None, reason="espeak-ng is not installed (apt install espeak-ng)"
)
ENGINES = [
    "builtin",
    pytest.param("flite", marks=needs_flite),
    pytest.param("espeak-ng", marks=needs_espeak),
]


def marked(text: str, *, engine: str = "builtin", name: str = "pcm16", **request) -> Speech:
    return SpeechStudio(engine=engine).speak(SpeechRequest(text, output_format(name), marks=True, **request))


def check(marks: SpeechMarks, duration_ms: float) -> None:
    """What the session relies on."""
    visemes = [viseme.offset_ms for viseme in marks.visemes]
    assert all(before < after for before, after in pairwise([0, *visemes]))
    words = [word.offset_ms for word in marks.words]
    assert all(before < after for before, after in pairwise([-1, *words]))
    assert all(offset < duration_ms for offset in visemes)
    assert all(word.duration_ms > 0 and word.offset_ms + word.duration_ms <= duration_ms for word in marks.words)
    assert {viseme.viseme_id for viseme in marks.visemes} <= set(range(22))
    assert all(word.text and not re.search(r"\s", word.text) for word in marks.words)


def level(speech: Speech, begin_ms: float, end_ms: float, rate_hz: int = 24000) -> float:
    samples = np.frombuffer(speech.audio, "<i2")[int(begin_ms * rate_hz / 1000) : int(end_ms * rate_hz / 1000)]
    return float(np.sqrt(np.mean(samples.astype(float) ** 2)))


# ---- all engines


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rate", [0.5, 1.0, 1.5])
def test_the_words_sound_when_they_are_said_to(engine, rate):
    """Every word of the text, in order; loud from its offset to its end, and silence where a sentence has ended."""
    speech = marked(LINE, engine=engine, rate=rate)
    check(speech.marks, speech.duration_ms)
    assert [word.text for word in speech.marks.words] == WORDS
    whole = level(speech, 0, speech.duration_ms)
    for word in speech.marks.words:
        assert level(speech, word.offset_ms, word.offset_ms + word.duration_ms) > whole / 4, word
    for before, after in ((4, 5), (14, 15)):
        ends = speech.marks.words[before].offset_ms + speech.marks.words[before].duration_ms
        begins = speech.marks.words[after].offset_ms
        assert level(speech, ends + 30, begins - 10) < whole / 8
        silence = [v for v in speech.marks.visemes if ends - 1 <= v.offset_ms < begins]
        assert silence[0].viseme_id == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_every_format_has_the_same_times(engine):
    """Resampling moves nothing by more than a millisecond or two."""
    usual = marked(LINE, engine=engine).marks
    for name in ("pcm16_8000hz", "pcm16_44100hz", "g711_ulaw"):
        marks = marked(LINE, engine=engine, name=name).marks
        assert [word.text for word in marks.words] == WORDS
        offsets = [(a.offset_ms, b.offset_ms) for a, b in zip(usual.visemes, marks.visemes, strict=True)]
        assert max(abs(a - b) for a, b in offsets) <= 2


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", ["", "...", "\ud800", "-", "\x00"])
def test_a_text_without_words_has_no_marks(engine, text):
    """A tenth of a second of silence has nothing to tell."""
    assert marked(text, engine=engine).marks.words == ()


def test_marks_are_made_for_who_asks_and_the_sound_is_shared():
    """Equal requests get the same object; asking for marks changes no sound and encodes none anew."""
    studio = SpeechStudio()
    plain_request = SpeechRequest(LINE, output_format("pcm16"))
    plain = studio.speak(plain_request)
    assert plain.marks == SpeechMarks()
    with_marks = studio.speak(replace(plain_request, marks=True))
    assert with_marks.audio is plain.audio
    assert with_marks.runs is plain.runs
    assert studio.speak(replace(plain_request, marks=True)) is with_marks
    assert studio.cached(plain_request) is plain


# ---- the built-in voice


def test_the_built_in_voice_tells_what_it_scores():
    """To the tick: *so* is 95 ms of s and 175 ms of a final o, and then the mouth closes."""
    visemes = [(viseme.offset_ms, viseme.viseme_id) for viseme in marked("So.").marks.visemes]
    assert visemes == [(1, 15), (95, 8), (270, 0)]


@given(st.text(max_size=80), st.floats(0.5, 1.5))
def test_any_text_is_timed_inside_its_sound(text, tempo):
    """Strictly rising, within the audio; a sound for each letter that is pronounced."""
    duration_ms = len(speak(text, 8000, tempo=tempo)) / 8
    phones = list(timed(text, tempo=tempo))
    check(marks_of(text, phones, duration_ms), duration_ms)
    sounds = "".join(phrase.sounds.replace(" ", "") for phrase in phrases(text))
    assert [phone.viseme for phone in phones if phone.viseme] == [BUILTIN[sound] for sound in sounds]


@example("yes - no")
@example("- yes -- no -")
@example("a… - b")
@given(st.text(alphabet="aë9,.- ?…—'ß你\u00a0\u0301¨½🎉\n", max_size=40) | st.text(max_size=40))
def test_pronouncing_piece_by_piece_changes_nothing(text):
    """What spaces part is spelled for itself, and comes to the same as all of it at once."""
    by_piece = phrases(text)
    with pytest.MonkeyPatch.context() as patched:
        all_at_once = [(part, 0) for part in pronunciation._PART.findall(pronunciation._spelled(text))]
        patched.setattr(pronunciation, "_parts", lambda _: all_at_once)
        whole = phrases(text)
    assert [(phrase.sounds, phrase.ending) for phrase in by_piece] == [(it.sounds, it.ending) for it in whole]
    assert [phrase.sounds.count(" ") + 1 for phrase in by_piece] == [len(phrase.words) for phrase in by_piece]


def test_a_breath_in_the_middle_of_a_word_keeps_the_word_together():
    """One piece of text of 300 letters is one word, however many phrases it takes."""
    text = f"a {'ba' * 200} b {'ba ' * 100}"
    marks = marked(text).marks
    assert [word.text for word in marks.words] == text.split()
    assert marks.words[1].duration_ms > 20 * marks.words[0].duration_ms


def test_every_sound_has_its_shape():
    """The built-in voice's letters, all 22 shapes, and the marks that follow a sound in IPA."""
    assert set(BUILTIN) == set(VOWELS + CONSONANTS)
    assert set(ARPABET.values()) == set(range(22))
    table = {"": 0, "ə": 1, "æ": 1, "ʌ": 1, "ɑː": 2, "ɔː": 3, "ɛ": 4, "ʊ": 4, "eɪ": 4, "ɜː": 5, "j": 6, "iː": 6, "ɪ": 6}
    table |= {"w": 7, "uː": 7, "əʊ": 8, "oʊ": 8, "aʊ": 9, "ɔɪ": 10, "aɪ": 11, "h": 12, "ɹ": 13, "l": 14, "s": 15}
    table |= {"tʃ": 16, "dʒ": 16, "ʃ": 16, "ð": 17, "v": 18, "θ": 19, "t": 19, "ŋ": 20, "ɡ": 20, "m": 21, "p": 21}
    assert {sound: of_ipa(sound) for sound in table} == table


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ("end.", ["end"]),
        ("“Hello,”", ["Hello"]),
        ("**bold**", ["bold"]),
        ("don’t", ["don’t"]),
        ("e-mail", ["e-mail"]),
        ("yes—no…maybe", ["yes", "no", "maybe"]),
        ("$5.50", ["$5.50"]),
        ("50%", ["50%"]),
        ("你好！", ["你", "好"]),
        ("नमस्ते।", ["नमस्ते"]),
        ("...", []),
        ("—", []),
    ],
)
def test_a_word_has_no_punctuation_around_it(piece, words):
    """Documented {DOC}: *end*, not *end.*"""
    assert words_of(piece) == words


# ---- a WAV file for a line


def wav(path: Path, *parts: tuple[int, int]) -> str:
    """Milliseconds of a tone or, at level 0, of silence; 16 kHz."""
    tone = np.concatenate([level * np.sin(np.arange(16 * ms) * 0.2) for ms, level in parts])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(tone.astype("<i2").tobytes())
    return str(path)


def test_the_words_of_a_wav_file_are_spread_over_what_sounds(tmp_path):
    """Not over the silence before, between and after; longer words get more of it."""
    file = wav(tmp_path / "line.wav", (300, 0), (1000, 8000), (500, 0), (1000, 8000), (400, 0))
    speech = marked("one two, understanding four", audio=file)
    check(speech.marks, speech.duration_ms)
    spans = {word.text: (word.offset_ms, word.offset_ms + word.duration_ms) for word in speech.marks.words}
    assert list(spans) == ["one", "two", "understanding", "four"]
    assert spans["one"][0] == pytest.approx(300, abs=15)
    assert spans["four"][1] == pytest.approx(2800, abs=15)
    lengths = [word.duration_ms for word in speech.marks.words]
    assert lengths[2] == max(lengths)
    closed = [viseme.offset_ms for viseme in speech.marks.visemes if viseme.viseme_id == 0]
    assert closed == pytest.approx([1300, 2800], abs=15)


def test_a_silent_or_tiny_wav_file_has_few_marks_or_none(tmp_path):
    """As many as there are milliseconds, at most."""
    assert marked("one two", audio=wav(tmp_path / "silent.wav", (500, 0))).marks == SpeechMarks()
    tiny = marked("one two three four five six", audio=wav(tmp_path / "tiny.wav", (3, 9000)))
    check(tiny.marks, tiny.duration_ms)
    assert len(tiny.marks.words) == 3
    assert marked("...", audio=wav(tmp_path / "wordless.wav", (500, 9000))).marks == SpeechMarks()


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from([0, 40, 9000])), max_size=6), st.text(max_size=30))
def test_any_words_are_spread_over_any_sound(parts, text):
    """Strictly rising, and each word begins and ends within what sounds."""
    from vlmock.scenario.sounding_parts import spread

    sound = [level * np.sin(np.arange(8 * ms) * 0.3) for ms, level in parts]
    samples = np.concatenate([*sound, np.zeros(0)]).astype(np.int16)
    duration_ms = len(samples) / 8
    check(marks_of(text, spread(text, samples, 8000), duration_ms), duration_ms)
    sounding = sounding_parts(samples, 8000)
    assert all(begin < end <= duration_ms for begin, end in sounding)
    assert all(before[1] < after[0] for before, after in pairwise(sounding))


# ---- flite and espeak-ng, next to what they say themselves


@needs_flite
def test_flite_is_timed_by_its_own_segments(tmp_path):
    """``-psdur`` of the same text: each segment is a viseme at its beginning, and each word begins with one."""
    line = tmp_path / "line.txt"
    line.write_text("What is the weather in Beijing?\n")
    done = subprocess.run(
        ["flite", "-voice", "slt", "-psdur", "-f", line, "-o", "none"], capture_output=True, text=True, check=True
    )
    segments = [(name, float(end) * 1000) for name, end in re.findall(r"(\w+):([\d.]+)", done.stdout)]
    begins = [0.0, *(end for _, end in segments)]
    speech = marked("What is the weather in Beijing?", engine="flite")
    expected = [(begin, ARPABET[name]) for begin, (name, _) in zip(begins, segments, strict=False)]
    got = [(viseme.offset_ms, viseme.viseme_id) for viseme in speech.marks.visemes]
    assert [viseme_id for _, viseme_id in got] == [viseme_id for _, viseme_id in expected]
    assert [offset for offset, _ in got] == pytest.approx([offset for offset, _ in expected], abs=8)
    first_of = {"What": "w", "is": "ih", "the": "dh", "weather": "w", "in": "ih", "Beijing": "b"}
    names = dict(zip((offset for offset, _ in got), (name for name, _ in segments), strict=True))
    assert {word.text: names[word.offset_ms] for word in speech.marks.words} == first_of


@needs_flite
def test_a_last_sentence_of_one_word_is_spoken():
    """flite itself leaves it out, unless a new line ends the text."""
    with_it, without = marked("I said more. Yes", engine="flite"), marked("I said more.", engine="flite")
    assert with_it.duration_ms > without.duration_ms + 300
    assert with_it.marks.words[-1].text == "Yes"


def test_segments_that_were_not_expected_belong_to_the_word_before():
    """Words in a row sound a little different from the same words alone: a sound more, one less, another."""
    expected = [
        (name, owner) for owner, word in enumerate(["dh ax", "ae t", "k ae t s", "r ah n"]) for name in word.split()
    ]
    heard = ["dh", "iy", "t", "k", "ae", "ax", "t", "s", "r", "ah", "n", "z"]
    assert engine_times._owners(expected, heard) == [0, 0, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3]
    assert engine_times._owners(expected, ["x", "x", "x"]) == [0, 0, 1]
    assert engine_times._owners([], ["x"]) == [-1]
    assert engine_times._owners(expected, []) == []


@needs_espeak
def test_espeak_is_timed_by_its_own_events(tmp_path):
    """The library says the sounds of ``espeak-ng --ipa``, and as many samples as the command writes."""
    line = tmp_path / "line.txt"
    line.write_text("Hello, my number is nine.")
    ipa = subprocess.run(
        ["espeak-ng", "-b", "1", "-s", "165", "-q", "--ipa", "--sep=_", "-f", line],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = re.sub("[ˈˌ]", "", ipa).replace("_", " ").split()
    speech = marked("Hello, my number is nine.", engine="espeak-ng")
    assert [viseme.viseme_id for viseme in speech.marks.visemes if viseme.viseme_id] == [*map(of_ipa, names)]
    phones = engine_times.espeak_times(tmp_path, "Hello, my number is nine.", str, "165")
    assert phones is not None
    sound = VOICES["espeak-ng"].speak("Hello, my number is nine.")
    assert sound is not None
    assert phones[-1].ends_ms == pytest.approx(len(sound.samples) / sound.rate_hz * 1000, abs=0.1)


@needs_espeak
def test_espeak_parts_words_that_it_runs_together():
    """*of the* is one word to it; characters of two bytes or four do not put it off."""
    words = marked("Naïve 🎉 talk of the day, in a way.", engine="espeak-ng").marks.words
    assert [word.text for word in words] == ["Naïve", "🎉", "talk", "of", "the", "day", "in", "a", "way"]
    of, the = words[3:5]
    assert of.offset_ms + of.duration_ms <= the.offset_ms


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_an_engine_that_tells_nothing_is_timed_by_its_sound(engine, monkeypatch):
    """Its library may be missing: then the words are spread as over a WAV file."""
    monkeypatch.setattr(engine_times, "_told", lambda *command: None)
    speech = marked(LINE, engine=engine)
    check(speech.marks, speech.duration_ms)
    assert [word.text for word in speech.marks.words] == WORDS


def test_a_command_that_cannot_be_called_tells_nothing():
    """Nor does one that fails."""
    assert engine_times._told("/nowhere/flite") is None
    assert engine_times._told("false") is None
    assert engine_times._told("echo", "yes") == "yes\n"
