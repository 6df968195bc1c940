"""What of a scenario can be heard: its sentences and its clips."""

from pathlib import Path

from vlmock.recognition.spelling import Vocabulary, ways_to_say
from vlmock.scenario.model import Entry, Scenario
from vlmock.scenario.pronunciation import arpabet

__all__ = ["RECOGNITION", "clips_of", "unheard_of", "vocabulary_of"]

RECOGNITION = ("scripted", "pocketsphinx")
"""Who says what was said: the scenario alone, or somebody who listens."""


def clips_of(scenario: Scenario) -> list[Path]:
    """The sound files that speech is compared with."""
    return list(dict.fromkeys(clip.path for entry in _spoken(scenario) for clip in entry.when.clips))


def vocabulary_of(scenario: Scenario) -> Vocabulary:
    """The sentences that speech is recognised as. Where two are said alike, the first."""
    sentences: dict[str, str] = {}
    for entry in _spoken(scenario):
        for sentence in entry.sentences:
            for way in ways_to_say(sentence):
                sentences.setdefault(way, sentence)
    words = dict.fromkeys(word for way in sentences for word in way.split())
    return Vocabulary(sentences, {word: arpabet(word) for word in words})


def unheard_of(scenario: Scenario) -> list[str]:
    """What nobody will be understood to say, and why."""
    found = []
    for entry in _spoken(scenario):
        found += [
            f"{entry}: {sentence!r} cannot be recognised: its words are not in Latin letters"
            for sentence in entry.sentences
            if not ways_to_say(sentence)
        ]
        if not entry.sentences and not entry.when.clips:
            found.append(f"{entry}: {entry.when.user} cannot be recognised: give it 'transcript'")
    return found


def _spoken(scenario: Scenario) -> list[Entry]:
    return [entry for entry in (*scenario.turns, *scenario.rules) if entry.when.hears]
