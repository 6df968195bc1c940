"""What a request for a response means: what it answers, what it may say, and how it differs from the session."""

import msgspec

from vlmock.protocol.audio_format import output_format
from vlmock.protocol.items import OutputTextPart, RequestItem, TextPart
from vlmock.protocol.tools import Tool
from vlmock.protocol.voices import OpenAIVoice, Voice
from vlmock.protocol.wire import given
from vlmock.session.answering.input_items import item_from_request, turn_input
from vlmock.session.configuration.defaults import filled_voice
from vlmock.session.conversation.tally import Tally, cost_of
from vlmock.session.conversation.usage import NOTHING
from vlmock.session.script import Reply, Say, ToolOutput, Turn, UserInput
from vlmock.session.speaking.active_response import ActiveResponse, ResponseRequest
from vlmock.session.speaking.speech_marks import wanted_marks
from vlmock.session.state import SessionState

__all__ = ["Context", "context_of", "pre_generated", "response_of", "turn_of"]


_NOTHING = Tally()


class Context(msgspec.Struct, frozen=True):
    """What a response answers: all that came since the last one, or what its request brings along."""

    user_inputs: tuple[UserInput, ...] = ()
    tool_outputs: tuple[ToolOutput, ...] = ()
    tally: Tally = _NOTHING
    """What it has in view costs so much."""
    answered: Tally = _NOTHING
    """What the turn itself costs."""


def context_of(state: SessionState, asked: ResponseRequest) -> Context:
    """Documented (schema B1): ``input_items`` replace the conversation for this response, ``[]`` is an empty context.

    Assumed: an answer outside the conversation, one to a context of its own, and words that were generated before leave
    open what the conversation still has to be answered.
    """
    if asked.is_pre_generated:
        return Context()
    if isinstance(asked.params.input_items, list):
        return _own_context(state, asked.params.input_items)
    answered = [said.item_id for said in state.user_inputs] + [output.item_id for output in state.tool_outputs]
    context = Context(
        tuple(state.user_inputs),
        tuple(state.tool_outputs),
        state.history.tally,
        Tally(map(state.history.cost, answered)),
    )
    if not asked.is_out_of_band:
        state.user_inputs.clear()
        state.tool_outputs.clear()
    return context


def _own_context(state: SessionState, requests: list[RequestItem]) -> Context:
    said: list[UserInput] = []
    returned: list[ToolOutput] = []
    costs = []
    for request in requests:
        item = item_from_request(request, given(request.id, "") or state.ids.make("item_"))
        costs.append(cost_of(item, 0.0))
        match turn_input(item, request, state.history):
            case UserInput() as user_input:
                said.append(user_input)
            case ToolOutput() as tool_output:
                returned.append(tool_output)
    return Context(tuple(said), tuple(returned), Tally(costs))


def turn_of(state: SessionState, asked: ResponseRequest, context: Context) -> Turn:
    """What the script is asked."""
    params, settings = asked.params, state.settings
    instructions = given(params.instructions, given(settings.instructions, ""))
    return Turn(
        number=state.responses + 1,
        user=context.user_inputs,
        tool_outputs=context.tool_outputs,
        session=settings,
        instructions=" ".join(filter(None, (instructions, asked.additional_instructions))),
        tools=tuple(given(params.tools, given(settings.tools, []))),
        tool_choice=params.tool_choice or settings.tool_choice or "auto",
        history=state.history.items(),
        metadata=given(params.metadata, {}),
        agent=state.brain.agent is not None,
        invoke_input=given(params.invoke_input, {}),
        idle=asked.idle,
    )


def pre_generated(asked: ResponseRequest) -> Reply | None:
    """Observed {VIBE, GOV}: words that the client wrote are spoken as they stand, and nobody is asked."""
    message = given(asked.params.pre_generated_assistant_message, None)
    if message is None:
        return None
    text = "".join(part.text for part in message.content if isinstance(part, TextPart | OutputTextPart))
    return Reply((Say(text),), origin="response.create")


def response_of(state: SessionState, asked: ResponseRequest, tools: tuple[Tool, ...]) -> ActiveResponse:
    """What the session's settings and the request's own make of a response. ``tools``: offered to it."""
    params, settings, pipeline = asked.params, state.settings, state.pipeline
    format_name = given(params.output_audio_format, given(settings.output_audio_format, "pcm16"))
    voice = filled_voice(params.voice) if params.voice else given(settings.voice, None)
    conversation_id = state.conversation_id if pipeline.has_conversation_id else ""
    # Documented {DOC}: under either name.
    own_limit: int | str | None = given(params.max_output_tokens, given(params.max_response_output_tokens, None))
    limit = own_limit or given(settings.max_response_output_tokens, None) or "inf"
    modalities = _modalities(state, asked, voice)
    return ActiveResponse(
        id=asked.id,
        after_item_id=state.history.last_id,
        in_conversation=not asked.is_out_of_band and given(params.commit, True),
        modalities=modalities,
        voice=voice,
        audio_format=output_format(format_name),
        output_audio_format=format_name if pipeline.echoes_output_format else None,
        temperature=given(params.temperature, given(settings.temperature, None)),
        max_output_tokens=limit if pipeline.echoes_output_format else own_limit,
        token_limit=limit if isinstance(limit, int) else None,
        metadata=None if asked.is_pre_generated else given(params.metadata, None),
        conversation_id=None if asked.is_out_of_band else conversation_id,
        input_tokens=NOTHING.input_token_details,
        tools=tools,
        marks=wanted_marks(state.settings, params, state.readings, voice=voice, modalities=modalities),
    )


def _modalities(state: SessionState, asked: ResponseRequest, voice: Voice | None) -> list[str]:
    """Observed {ILA}: words that the client wrote are spoken by Azure voices, and not by OpenAI's. Assumed: those of
    azure-realtime speak them, too."""
    if asked.is_pre_generated and isinstance(voice, OpenAIVoice):
        return ["text"]
    return list(given(asked.params.modalities, given(state.settings.modalities, ["text", "audio"])))
