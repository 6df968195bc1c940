"""What a ``response.create`` may ask of a session with these settings."""

from vlmock.protocol.response import ResponseCreateParams
from vlmock.protocol.session import ResponseSession
from vlmock.protocol.voices import OpenAIVoice, VoiceSetting
from vlmock.protocol.wire import given
from vlmock.session import refusals
from vlmock.session.rules.conflicts import check_format_of_voice, check_tool_choice
from vlmock.session.rules.items import check_item, check_pre_generated

__all__ = ["check_response"]


def check_response(params: ResponseCreateParams, settings: ResponseSession) -> None:
    """Raise Refused at the first thing that will not do."""
    tools = given(params.tools, given(settings.tools, []))
    check_tool_choice(params.tool_choice, tools, "response.tool_choice")
    voice = given(params.voice, given(settings.voice, None))
    _check_modalities(params, voice)
    check_format_of_voice(params.output_audio_format, voice, "response.output_audio_format")
    for name in ("input_items", "append_input_items"):
        for place, item in enumerate(given(getattr(params, name), [])):
            check_item(item, at=f"response.{name}[{place}]")
    message = given(params.pre_generated_assistant_message, None)
    if message is not None:
        check_pre_generated(message, at="response.pre_generated_assistant_message")


def _check_modalities(params: ResponseCreateParams, voice: VoiceSetting | None) -> None:
    """Observed {PIPE}, one source: OpenAI voices take exactly ``["text"]`` or ``["audio"]``. Assumed: the words, and
    that azure-realtime's take both."""
    modalities = given(params.modalities, None)
    if modalities not in (None, ["text"], ["audio"]) and isinstance(voice, str | OpenAIVoice):
        message = 'an OpenAI voice takes ["text"] or ["audio"] for one response'
        raise refusals.not_supported("response.modalities", message)
