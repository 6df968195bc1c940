"""Which words can be heard in a scenario, and which cannot."""

from vlmock.recognition.spelling import Vocabulary, ways_to_say
from vlmock.scenario.model import Scenario
from vlmock.scenario.pronunciation import arpabet

__all__ = ["unheard_of", "vocabulary_of"]


def vocabulary_of(scenario: Scenario) -> Vocabulary | None:
    """The sentences that speech is recognised as; None when there are none. Where two are said alike, the first."""
    sentences: dict[str, str] = {}
    for entry in scenario.spoken:
        for sentence in entry.sentences:
            for way in ways_to_say(sentence):
                sentences.setdefault(way, sentence)
    if not sentences:
        return None
    words = dict.fromkeys(word for way in sentences for word in way.split())
    return Vocabulary(sentences, {word: arpabet(word) for word in words})


def unheard_of(scenario: Scenario) -> list[str]:
    """What nobody will be understood to say, and why."""
    found = []
    for entry in scenario.spoken:
        found += [
            f"{entry}: {sentence!r} cannot be recognised: its words are not in Latin letters"
            for sentence in entry.sentences
            if not ways_to_say(sentence)
        ]
        if not entry.sentences and not entry.when.clips:
            found.append(f"{entry}: {entry.when.user} cannot be recognised: give it 'transcript'")
    return found
