"""What is chosen, and the settings that follow from it. The emulator's own rules judge them."""

import pytest

from vlclient.chat.options import DEFAULT_MODEL, ChatOptions, Counterpart, session_settings
from vlclient.chat.sign_in import prepare_azure_identity
from vlclient.endpoint import Agent
from vlclient.environment import Settings
from vlclient.errors import ConfigurationError
from vlclient.settings import request_session
from vlmock.protocol.session import ResponseSession
from vlmock.protocol.wire import UNSET
from vlmock.session import models
from vlmock.session.configuration.brain import Brain
from vlmock.session.configuration.settings import initial, updated
from vlmock.session.conversation import agents
from vlmock.session.refusals import Refused


def in_force(options: ChatOptions, model: str, **brain: object) -> ResponseSession:
    """What the service makes of the settings. Raises Refused."""
    who = Brain(model, "2026-07-15", **brain)
    before = initial(who, session_id="sess_1", expires_at=None)
    settings = session_settings(options, model=models.resolved(model, who.profile), is_agent=who.agent is not None)
    return updated(before, request_session(settings), brain=who, first_update=True, audio_was_produced=False)


@pytest.mark.parametrize("model", models.KNOWN)
@pytest.mark.parametrize("turn_detection", ["azure_semantic_vad", "server_vad", "none"])
def test_every_model_takes_them(model, turn_detection):
    """Whichever pipeline it is: and the words of the user are always written down."""
    session = in_force(ChatOptions(turn_detection=turn_detection), model)
    assert session.input_audio_transcription


def test_an_agent_takes_them():
    """It reads transcripts, so it may have end-of-utterance detection; it has its own instructions."""
    session = in_force(ChatOptions(), "", agent=agents.Agent("helper", "project"))
    assert session.turn_detection.end_of_utterance_detection.model == "semantic_detection_v1"


def test_a_model_of_ones_own_is_what_its_profile_says():
    """A deployment's name says nothing about what it listens with."""
    heard = in_force(ChatOptions(profile=models.REALTIME_PROFILE), "mine", profile=models.REALTIME_PROFILE)
    assert heard.turn_detection.end_of_utterance_detection in (None, UNSET)
    chat_completion = "byom-azure-openai-chat-completion"
    read = in_force(ChatOptions(profile=chat_completion), "mine", profile=chat_completion)
    assert read.turn_detection.end_of_utterance_detection


@pytest.mark.parametrize(
    ("turn_detection", "end_of_utterance"),
    [
        ("azure_semantic_vad", "semantic_detection_v1"),
        ("azure_semantic_vad_en", "semantic_detection_v1_en"),
        ("azure_semantic_vad_multilingual", "semantic_detection_v1_multilingual"),
    ],
)
def test_the_detectors_have_their_second_opinion(turn_detection, end_of_utterance):
    """In the language of the detector."""
    detection = in_force(ChatOptions(turn_detection=turn_detection), "gpt-4o").turn_detection
    assert (detection.type, detection.end_of_utterance_detection.model) == (turn_detection, end_of_utterance)


def test_what_is_switched_off_is_not_asked_for():
    """Noise suppression and echo cancellation."""
    session = in_force(ChatOptions(noise_suppression=False, echo_cancellation=False), "gpt-4o")
    assert session.input_audio_noise_reduction is None
    assert session.input_audio_echo_cancellation is None


@pytest.mark.parametrize(
    ("voice", "rate", "model", "expected"),
    [
        (None, None, "gpt-4o", ("azure-standard", "en-US-Ava:DragonHDLatestNeural")),
        ("en-GB-SoniaNeural", 0.75, "gpt-4o", ("azure-standard", "en-GB-SoniaNeural")),
        ("marin", None, "gpt-realtime", ("openai", "marin")),
        (None, None, "azure-realtime", ("azure-realtime-native", "ava")),
        ("elsa", None, "azure-realtime", ("azure-realtime-native", "elsa")),
    ],
)
def test_voices_by_their_names(voice, rate, model, expected):
    """Whose voice it is follows from the name."""
    spoken = in_force(ChatOptions(voice=voice, rate=rate), model).voice
    assert (spoken.type, spoken.name) == expected
    assert rate is None or spoken.rate == "0.75"


def test_what_cannot_be_is_refused_by_the_service_and_not_here():
    """The service changes faster than this program does."""
    with pytest.raises(Refused):
        in_force(ChatOptions(turn_detection="semantic_vad"), "gpt-4o")
    with pytest.raises(Refused):
        in_force(ChatOptions(voice="marin"), "gpt-4o")


def test_a_key_is_not_in_the_repr():
    """Tracebacks and debuggers show it."""
    options = ChatOptions(api_key="secret")
    assert "secret" not in repr(options)
    assert list(options.__rich_repr__()) == []


# ---- who answers

ENDPOINT = "https://mine.services.ai.azure.com"
AGENT = Agent(name="helper", project_name="shop")


@pytest.mark.parametrize(
    ("options", "settings", "model", "is_agent"),
    [
        ({}, {}, DEFAULT_MODEL, False),
        ({"model": "gpt-5"}, {"model": "gpt-4.1"}, "gpt-5", False),
        ({}, {"model": "gpt-4.1"}, None, False),
        ({"agent_name": "helper", "project_name": "shop"}, {"model": "gpt-4.1"}, None, True),
        ({}, {"agent": AGENT}, None, True),
        ({"model": "gpt-5"}, {"agent": AGENT}, "gpt-5", False),
        ({}, {"model": "gpt-4.1", "agent": AGENT}, None, False),
        ({"endpoint": f"{ENDPOINT}/?model=gpt-5-mini"}, {}, None, False),
        ({"endpoint": f"{ENDPOINT}/?agent-name=helper&agent-project-name=shop"}, {}, None, True),
        ({"endpoint": None}, {}, DEFAULT_MODEL, False),
    ],
)
def test_who_answers(options, settings, model, is_agent):
    """What is chosen goes before the environment, and only where nobody is named it is the default. None: ``connect``
    finds it where it was said."""
    who = Counterpart.of(ChatOptions(**{"endpoint": ENDPOINT, **options}), Settings(**settings))
    assert (who.model, who.is_agent) == (model, is_agent)


def test_an_endpoint_with_a_secret_is_refused_early():
    """Before it is shown to anybody."""
    with pytest.raises(ConfigurationError, match="holds a secret"):
        Counterpart.of(ChatOptions(endpoint=f"{ENDPOINT}/?api-key=1234"), Settings())


# ---- signing in


def test_azure_identity_reads_the_dotenv_file_too(tmp_path, monkeypatch):
    """What it reads by itself from the environment; what is there already stays, and ours is read elsewhere."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(
        "AZURE_TENANT_ID=file\nAZURE_CLIENT_ID=file\nAZURE_VOICE_LIVE_MODEL=file\nPATH=file\n", encoding="utf-8-sig"
    )
    environ = {"AZURE_CLIENT_ID": "mine"}
    prepare_azure_identity(environ)
    assert environ == {"AZURE_CLIENT_ID": "mine", "AZURE_TENANT_ID": "file"}


def test_a_dotenv_file_that_cannot_be_read_is_no_reason_to_end(tmp_path, monkeypatch):
    """Whoever misses something is told elsewhere."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"AZURE_TENANT_ID=\xff\xfe\n")
    environ: dict[str, str] = {}
    prepare_azure_identity(environ)
    assert environ == {}
