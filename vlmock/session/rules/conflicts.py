"""Which settings may not stand together. Looked at after merging, so it does not matter which update brought which.

Source: behaviour 2.3; schema A6, D.
"""

from vlmock.protocol.input_audio import EchoCancellation, InputAudioTranscription
from vlmock.protocol.session import ResponseSession
from vlmock.protocol.tools import TOOL_CHOICES, FunctionTool, Tool, ToolChoice, ToolChoiceFunction
from vlmock.protocol.turn_detection import AzureSemanticVad, AzureSemanticVadMultilingual
from vlmock.protocol.voices import OpenAIVoice, VoiceSetting
from vlmock.protocol.wire import UnsetType, given
from vlmock.session import refusals
from vlmock.session.configuration.brain import Brain
from vlmock.session.models import Family
from vlmock.session.rules.values import check_choice

__all__ = ["check_conflicts", "check_format_of_voice", "check_tool_choice"]

_FORMATS_OF_OPENAI_VOICES = ("pcm16", "g711_ulaw", "g711_alaw")


def check_conflicts(settings: ResponseSession, brain: Brain) -> None:
    """Raise Refused at the first two settings that exclude each other."""
    _check_hearing(settings, brain)
    _check_echo_cancellation(settings)
    check_format_of_voice(settings.output_audio_format, settings.voice, "session.output_audio_format")
    check_tool_choice(settings.tool_choice, given(settings.tools, []), "session.tool_choice")


def _check_hearing(settings: ResponseSession, brain: Brain) -> None:
    """Observed {FON}: azure-speech beside a realtime brain wants a semantic detector, even where that is null.
    Observed (schema D1): mai-transcribe-1 gives no log probabilities.

    The vendor's own live tests {SDKT} send azure-speech with ``server_vad`` to gpt-realtime; the wire logs are newer.
    """
    transcription = settings.input_audio_transcription
    if not isinstance(transcription, InputAudioTranscription):
        return
    semantic = isinstance(settings.turn_detection, AzureSemanticVad | AzureSemanticVadMultilingual)
    if brain.family is Family.REALTIME and transcription.model == "azure-speech" and not semantic:
        raise refusals.azure_speech_needs_semantic_vad()
    wants_logprobs = "item.input_audio_transcription.logprobs" in given(settings.include, [])
    if wants_logprobs and transcription.model == "mai-transcribe-1":
        raise refusals.not_supported("session.include", "logprobs are not supported for mai-transcribe-1")


def _check_echo_cancellation(settings: ResponseSession) -> None:
    """Observed {FON}: nothing can echo where nothing is spoken. Documented: schema D4, the client's reference is
    interleaved PCM16."""
    cancellation = settings.input_audio_echo_cancellation
    if not isinstance(cancellation, EchoCancellation):
        return
    if "audio" not in given(settings.modalities, []):
        raise refusals.ec_not_supported()
    if given(cancellation.reference_source, "server") == "client" and settings.input_audio_format != "pcm16":
        raise refusals.not_supported("session.input_audio_format", "reference_source 'client' requires pcm16")


def check_format_of_voice(
    audio_format: str | UnsetType | None, voice: VoiceSetting | UnsetType | None, path: str
) -> None:
    """Observed {SDKT}: OpenAI voices were only ever asked for these formats. Assumed: they have no others."""
    if isinstance(voice, str | OpenAIVoice):
        check_choice(audio_format, _FORMATS_OF_OPENAI_VOICES, path)


def check_tool_choice(tool_choice: ToolChoice | UnsetType | None, tools: list[Tool], path: str) -> None:
    """Documented: schema D11, a bare name is allowed. Assumed: a tool that is not offered cannot be chosen; what an
    MCP server or an agent offers is not known here."""
    if not all(isinstance(tool, FunctionTool) for tool in tools):
        return
    names = [tool.name for tool in tools if isinstance(tool, FunctionTool)]
    match tool_choice:
        case str(choice):
            check_choice(choice, (*TOOL_CHOICES, *names), path)
        case ToolChoiceFunction(name=name) if name not in names:
            raise refusals.malformed(path, f"there is no tool with the name '{name}'")
