"""Which detector goes with which brain, transcription, end-of-utterance model and version. Source: behaviour 2.3."""

from itertools import product
from typing import Any

import pytest

from tests.session.updates import AGENT, update, wire
from vlmock.session.configuration.brain import Brain
from vlmock.session.refusals import Refused

DETECTORS = {
    "server": "server_vad",
    "openai": "semantic_vad",
    "azure": "azure_semantic_vad",
    "english": "azure_semantic_vad_en",
    "multi": "azure_semantic_vad_multilingual",
    "alias": "azure_multilingual_semantic_vad",
}
BRAINS = {
    "gpt-4.1": Brain("gpt-4.1", "2026-07-15"),
    "agent": AGENT,
    "phi": Brain("phi4-mm-realtime", "2026-07-15"),
    "realtime": Brain("gpt-realtime", "2026-07-15"),
    "azure-realtime": Brain("azure-realtime", "2026-07-15"),
    "byom-realtime": Brain("mine", "2026-07-15", profile="byom-azure-openai-realtime"),
    "byom-chat": Brain("mine", "2026-07-15", profile="byom-azure-openai-chat-completion"),
}


def outcome(brain: Brain, **session: Any) -> str:
    """``yes``, or what is refused: the member's path."""
    try:
        update(brain, session)
    except Refused as refused:
        return str(refused.details.param).removeprefix("session.turn_detection").removeprefix(".") or "no"
    return "yes"


def rows(table: str) -> list[Any]:
    head, *body = [line.split() for line in table.strip().splitlines()]
    return [pytest.param(row[0], name, row[n], id=f"{row[0]}-{name}") for row in body for n, name in enumerate(head, 1)]


@pytest.mark.parametrize(
    ("brain", "detector", "expected"),
    rows(
        """
                server openai azure english multi alias
        gpt-4.1        yes no  yes yes yes yes
        agent          yes no  yes yes yes yes
        phi            yes no  yes yes yes yes
        byom-chat      yes no  yes yes yes yes
        realtime       yes yes yes no  yes yes
        azure-realtime yes yes yes no  yes yes
        byom-realtime  yes yes yes no  yes yes
        """
    ),
)
def test_which_detector_a_brain_takes(brain: str, detector: str, expected: str) -> None:
    """Observed {FON}: OpenAI's own detector is for brains that hear, the English one for those that read."""
    assert outcome(BRAINS[brain], turn_detection={"type": DETECTORS[detector]}) == expected


@pytest.mark.parametrize(
    ("transcription", "detector", "expected"),
    rows(
        """
                     server openai azure english multi
        azure-speech no  no  yes no yes
        whisper-1    yes yes yes no yes
        gpt-4o-transcribe yes yes yes no yes
        mai-transcribe-1  yes yes yes no yes
        """
    ),
)
def test_which_transcription_goes_with_it_beside_a_brain_that_hears(
    transcription: str, detector: str, expected: str
) -> None:
    """Observed {FON}: azure-speech wants one of Azure's detectors there."""
    session = {"turn_detection": {"type": DETECTORS[detector]}, "input_audio_transcription": {"model": transcription}}
    assert outcome(BRAINS["realtime"], **session) == expected


@pytest.mark.parametrize("detector", ["server", "azure", "english", "multi", "alias"])
def test_azure_speech_goes_with_every_detector_where_a_brain_reads(detector: str) -> None:
    """Observed {FON}: it is what the brain reads."""
    session = {"turn_detection": {"type": DETECTORS[detector]}, "input_audio_transcription": {"model": "azure-speech"}}
    assert outcome(BRAINS["gpt-4.1"], **session) == "yes"


EOU = "end_of_utterance_detection"


@pytest.mark.parametrize(
    ("model", "brain", "expected"),
    rows(
        f"""
                               gpt-4.1 agent phi byom-chat realtime azure-realtime
        semantic_detection_v1              yes yes yes yes {EOU} {EOU}
        semantic_detection_v1_en           yes yes yes yes {EOU} {EOU}
        semantic_detection_v1_multilingual yes yes yes yes {EOU} {EOU}
        """
    ),
)
@pytest.mark.parametrize("detector", ["server", "azure", "multi"])
def test_which_end_of_utterance_model_a_brain_takes(model: str, brain: str, expected: str, detector: str) -> None:
    """Observed {IVW, EVAL, JAVAT}: those that read want a transcript; with it they go with every detector."""
    detection = {"type": DETECTORS[detector], EOU: {"model": model}}
    assert outcome(BRAINS[brain], turn_detection=detection) == expected


VERSIONS = (
    "2025-05-01-preview",
    "2025-10-01",
    "2026-01-01-preview",
    "2026-04-10",
    "2026-06-01-preview",
    "2026-07-15",
    "2026-07-31-preview",
)


@pytest.mark.parametrize(("version", "model"), [*product(VERSIONS, ["gpt-4.1", "gpt-realtime"])])
def test_the_model_that_listens_is_a_previews(version: str, model: str) -> None:
    """Documented: schema D6, F. In two previews, and there beside every brain."""
    detection = {"type": "azure_semantic_vad", EOU: {"model": "smart_end_of_turn_detection"}}
    has_it = version in ("2026-06-01-preview", "2026-07-31-preview")
    assert outcome(Brain(model, version), turn_detection=detection) == ("yes" if has_it else f"{EOU}.model")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_has_the_detectors_and_one_has_none(version: str) -> None:
    """Documented {DOC}: ``none`` was an object's type in the first preview; null says it in all."""
    brain = Brain("gpt-4.1", version)
    for name in ("server_vad", "azure_semantic_vad", "azure_semantic_vad_multilingual"):
        assert outcome(brain, turn_detection={"type": name}) == "yes"
    assert outcome(brain, turn_detection=None) == "yes"
    assert outcome(brain, turn_detection={"type": "none"}) == ("yes" if version == VERSIONS[0] else "type")


def test_the_other_spelling_comes_back_as_the_usual_one() -> None:
    """Documented {DOC}, in prose alone. Assumed: it means the same, and is the same for what may change later."""
    sent = {"type": "azure_multilingual_semantic_vad", "threshold": 0.3, "languages": ["en", "fr"]}
    after = update(BRAINS["gpt-4.1"], {"turn_detection": sent})
    usual = update(BRAINS["gpt-4.1"], {"turn_detection": sent | {"type": "azure_semantic_vad_multilingual"}})
    assert wire(after)["turn_detection"] == wire(usual)["turn_detection"]
    assert wire(after)["turn_detection"]["type"] == "azure_semantic_vad_multilingual"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("threshold", 0.5),
        ("prefix_padding_ms", 300),
        ("silence_duration_ms", 500),
        ("speech_duration_ms", 200),
        ("idle_timeout_ms", 6000),
        (EOU, {"model": "smart_end_of_turn_detection"}),
    ],
)
def test_openais_detector_takes_nothing_that_is_not_its_own(member: str, value: object) -> None:
    """Documented: schema D5. What it has not is unknown to it; null says nothing."""
    brain = Brain("gpt-realtime", "2026-06-01-preview")
    assert outcome(brain, turn_detection={"type": "semantic_vad", member: value}) == member
    assert outcome(brain, turn_detection={"type": "semantic_vad", member: None, "eagerness": "low"}) == "yes"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("threshold", 1.5),
        ("neg_threshold", -0.1),
        ("neg_threshold_assistant_speaking", 2),
        ("prefix_padding_ms", -1),
        ("speech_duration_assistant_speaking_ms", -1),
        ("idle_timeout_ms", 0),
    ],
)
def test_a_figure_out_of_range_is_refused(member: str, value: float) -> None:
    """Documented: schema D5, for the threshold. Assumed for the others."""
    assert outcome(BRAINS["gpt-4.1"], turn_detection={"type": "azure_semantic_vad", member: value}) == member
