"""Settings as people write them, and as the wire wants them."""

import msgspec
import pytest

from vlclient.errors import ConfigurationError
from vlclient.settings import request_session, response_params
from vlmock.protocol.input_audio import InputAudioTranscription
from vlmock.protocol.tools import FunctionTool
from vlmock.protocol.turn_detection import AzureSemanticVad, ServerVad
from vlmock.protocol.voices import AzureStandardVoice


@pytest.mark.parametrize(
    ("members", "sent"),
    [
        ({}, {}),
        ({"instructions": "Be brief."}, {"instructions": "Be brief."}),
        ({"instructions": None}, {"instructions": None}),
        ({"turn_detection": None}, {"turn_detection": None}),
        ({"turn_detection": AzureSemanticVad()}, {"turn_detection": {"type": "azure_semantic_vad"}}),
        (
            {"turn_detection": ServerVad(silence_duration_ms=300)},
            {"turn_detection": {"type": "server_vad", "silence_duration_ms": 300}},
        ),
        (
            {"turn_detection": {"type": "server_vad", "threshold": 0.7}},
            {"turn_detection": {"type": "server_vad", "threshold": 0.7}},
        ),
        ({"voice": "alloy"}, {"voice": "alloy"}),
        ({"voice": "en-US-AvaNeural"}, {"voice": {"type": "azure-standard", "name": "en-US-AvaNeural"}}),
        ({"voice": AzureStandardVoice(name="x", rate="1.2")},
         {"voice": {"type": "azure-standard", "name": "x", "rate": "1.2"}}),
        (
            {"input_audio_transcription": InputAudioTranscription(model="azure-speech"), "temperature": 0.5},
            {"input_audio_transcription": {"model": "azure-speech"}, "temperature": 0.5},
        ),
        ({"modalities": ("text", "audio")}, {"modalities": ["text", "audio"]}),
        (
            {"tools": [FunctionTool(name="a"), {"type": "function", "name": "b"}]},
            {"tools": [{"type": "function", "name": "a"}, {"type": "function", "name": "b"}]},
        ),
    ],
)  # fmt: skip
def test_types_of_the_protocol_and_plain_json_mean_the_same(members, sent):
    """Documented {DOC}: only OpenAI's voices are bare names on the wire. What is not said is not sent, null is."""
    before = dict(members)
    assert msgspec.json.decode(msgspec.json.encode(request_session(members))) == sent
    assert members == before


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"instruction": "x"}, "session.update has no member 'instruction' (did you mean 'instructions'?)"),
        ({"turnDetection": None}, "session.update has no member 'turnDetection' (did you mean 'turn_detection'?)"),
        ({"zzz": 1}, "session.update has no member 'zzz'; known: modalities, instructions, voice"),
        ({"model": "gpt-4o"}, "session.update: 'model' is chosen when connecting, and stays"),
        ({"expires_at": 1}, "session.update: 'expires_at' is set by the service"),
        ({"temperature": "hot"}, "session.update: Expected `float | null`, got `str` - at `temperature`"),
        ({"turn_detection": {"type": "psychic"}}, "session.update: Invalid value 'psychic' - at `turn_detection.type`"),
        ({"turn_detection": object()}, "session.update: Encoding objects of type object is unsupported"),
        ({"tools": 5}, "session.update: Expected `array | null`, got `int` - at `tools`"),
    ],
)
def test_what_cannot_be_a_setting_is_refused_with_its_place(members, says):
    """Before anything is sent."""
    with pytest.raises(ConfigurationError) as refused:
        request_session(members)
    assert str(refused.value).startswith(says)


def test_parameters_of_a_response_likewise():
    """A voice may be a bare name here too."""
    params = response_params({"instructions": "Greet.", "voice": "en-US-AvaNeural", "modalities": ["text"]})
    assert msgspec.json.decode(msgspec.json.encode(params)) == {
        "instructions": "Greet.",
        "voice": {"type": "azure-standard", "name": "en-US-AvaNeural"},
        "modalities": ["text"],
    }
    with pytest.raises(ConfigurationError, match=r"response.create has no member 'instruction' \(did you mean"):
        response_params({"instruction": "x"})
