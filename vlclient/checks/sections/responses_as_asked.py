"""12, continued: what a ``response.create`` may ask for, and what it may not."""

from typing import Any, Final

from vlclient.checks.answers import ABSENT, LONG, TEXT, ask, message, put, talking, typed
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.verdicts import NotOffered

_section = Section(12, "Responses")

_AZURE_VOICES: Final = ("cascade", "hybrid")
_WORDS: Final = "The lighthouse opens at nine, and closes at half past five."
_OTHER_VOICE: Final = {"type": "azure-standard", "name": "en-US-GuyNeural"}


def _spoken_by_client(*texts: str, role: str = "assistant") -> dict[str, Any]:
    content = [{"type": "text" if role == "assistant" else "input_text", "text": text} for text in texts]
    return {"pre_generated_assistant_message": {"type": "message", "role": role, "content": content}}


def _of_openai(probe: Probe) -> None:
    """What is known of a model's own voices is known of OpenAI's."""
    if probe.server.model.startswith("azure-realtime"):
        probe.inconclusive("nothing is known of this model's voices")


@_section.check("12.16", responses=1, proves=("response.modalities",))
async def one_response_may_be_in_writing(probe: Probe) -> None:
    """The ``modalities`` of one response hold for it, and the session keeps its own.

    False when: the response has others or sound, or the session has them afterwards; loosely, when it names none.
    Source: Observed {VIBE, JOR}, behaviour 4.8.
    """
    wire = await talking(probe)
    before = await probe.updated(wire, {"tool_choice": "none"})
    answer = await ask(probe, wire, TEXT)
    named = answer.created.get("modalities")
    probe.expect(named in (["text"], None), "['text']", named)
    probe.loosely(named is not None, "['text']", named)
    probe.expect(not answer.of("response.audio.delta"), "no sound", "some")
    after = await probe.updated(wire, {"tool_choice": "none"})
    same = sorted(before["modalities"]) == sorted(after["modalities"])
    probe.expect(same, str(before["modalities"]), after["modalities"])


@_section.check("12.17", agents=False, responses=1, proves=("response.instructions",))
async def instructions_of_one_response_are_its_own(probe: Probe) -> None:
    """The ``instructions`` of one response do not become those of the session.

    False when: the response is refused, or the session has them afterwards.
    Source: Observed {VIBE, JOR}, behaviour 4.8.
    """
    wire = await talking(probe)
    before = await probe.updated(wire, {"tool_choice": "none"})
    await typed(probe, wire, "Say hello.")
    await ask(probe, wire, {**TEXT, "instructions": "Speak of lighthouses only, in one short sentence."})
    after = await probe.updated(wire, {"tool_choice": "none"})
    probe.expect(after["instructions"] == before["instructions"], before["instructions"], after["instructions"])


@_section.check("12.18", agents=False, responses=1)
async def instructions_may_be_added_for_one_response(probe: Probe) -> None:
    """``additional_instructions`` stand beside ``response``, and hold for one response.

    False when: the session has them afterwards; a server that refuses them does not offer them.
    Source: Documented, schema B.
    """
    wire = await talking(probe)
    before = await probe.updated(wire, {"tool_choice": "none"})
    await ask(probe, wire, TEXT, optional=True, additional_instructions="Speak of lighthouses only.")
    after = await probe.updated(wire, {"tool_choice": "none"})
    probe.expect(after["instructions"] == before["instructions"], before["instructions"], after["instructions"])


@_section.check("12.19", pipelines=_AZURE_VOICES, agents=False, responses=1, proves=("response.voice",))
async def one_response_may_have_another_voice(probe: Probe) -> None:
    """The ``voice`` of one response holds for it, and the session keeps its own.

    False when: the response names another voice, or the session has it afterwards; loosely, when it names none.
    Source: Observed {VIBE, JOR}, behaviour 4.8.
    """
    wire = await talking(probe)
    before = await probe.updated(wire, {"tool_choice": "none"})
    answer = await ask(probe, wire, {"voice": _OTHER_VOICE})
    named = (answer.created.get("voice") or {}).get("name")
    probe.expect(named in (_OTHER_VOICE["name"], None), _OTHER_VOICE["name"], named)
    probe.loosely(named is not None, _OTHER_VOICE["name"], named)
    after = await probe.updated(wire, {"tool_choice": "none"})
    probe.expect(after["voice"] == before["voice"], str(before["voice"]), after["voice"])


@_section.check("12.20", since="2026-01-01-preview", responses=1, proves=("response.metadata",))
async def metadata_come_back(probe: Probe) -> None:
    """The ``metadata`` of a response stand in its ``response.created`` and its ``response.done``.

    False when: they are missing, or others.
    Source: Documented {SDK}, schema B1 and E4.
    """
    sent = {"turn": "17", "purpose": "Ärger, 灯台"}
    wire = await talking(probe)
    answer = await ask(probe, wire, {**TEXT, "metadata": sent}, optional=True)
    for response in (answer.created, answer.done):
        probe.expect(response.get("metadata") == sent, str(sent), response.get("metadata"))


async def _too_few_tokens(probe: Probe, member: str) -> None:
    most = 20
    wire = await talking(probe)
    await typed(probe, wire, LONG)
    answer = await ask(probe, wire, {**TEXT, member: most}, ends="incomplete", optional=True)
    details = answer.done["status_details"]
    probe.expect(details["type"] == "incomplete", "type incomplete", details["type"])
    probe.expect(details["reason"] == "max_output_tokens", "reason max_output_tokens", details["reason"])
    made = answer.done["usage"]["output_tokens"]
    probe.expect(made <= most, f"{most} tokens at most", made)
    for item in answer.output:
        probe.loosely(item.get("status") == "incomplete", "an incomplete item", item.get("status"))


@_section.check("12.21", agents=False, responses=1, proves=("response.max_response_output_tokens",))
async def too_few_tokens_leave_a_response_incomplete(probe: Probe) -> None:
    """A response with too small a ``max_response_output_tokens`` ends incomplete: reason max_output_tokens.

    False when: its status or reason are others, or it has used more; loosely, when an item is not incomplete.
    Source: Assumed {OAI}, behaviour 4.9; Observed {NETT} that no more is used.
    """
    await _too_few_tokens(probe, "max_response_output_tokens")


@_section.check("12.22", agents=False, responses=1, proves=("response.max_output_tokens",))
async def the_limit_of_tokens_has_another_name(probe: Probe) -> None:
    """``max_output_tokens`` limits a response likewise.

    False when: the status or the reason of one that is too long are others, or it has used more.
    Source: Assumed {OAI} of status and reason, behaviour 4.9; Documented {SDK} of the member, schema B1.
    """
    await _too_few_tokens(probe, "max_output_tokens")


@_section.check("12.23", responses=1, proves=("response.conversation",))
async def an_answer_may_stay_out_of_the_conversation(probe: Probe) -> None:
    """A response with ``conversation: none`` leaves no item: none is announced, and none can be retrieved.

    False when: there is one, or the response names a conversation; a server that refuses it does not offer it.
    Source: Assumed {OAI}, behaviour 4.8; Documented {DOC} of the member, schema B1.
    """
    wire = await talking(probe)
    await typed(probe, wire, "Say hello.")
    answer = await ask(probe, wire, {**TEXT, "conversation": "none"}, optional=True)
    conversation = answer.done.get("conversation_id")
    probe.expect(not conversation, "conversation_id null", conversation)
    probe.loosely(conversation is None, "conversation_id null", conversation)
    announced = [event["type"] for event in answer.events if event["type"] == "conversation.item.created"]
    probe.expect(not announced, "no item", announced)
    retrieve = {"type": "conversation.item.retrieve", "item_id": answer.item["id"]}
    await probe.refusal(wire, retrieve, accepted="conversation.item.retrieved")


@_section.check("12.24", responses=1, proves=("response.input_items",))
async def input_items_are_for_one_response(probe: Probe) -> None:
    """``input_items`` are what one response answers, in place of the conversation, and do not join that.

    False when: one of them can be retrieved afterwards, or what was there before cannot.
    Source: Assumed that they do not join; Documented {SDK} of the member, schema B1.
    """
    wire = await talking(probe)
    kept = (await put(probe, wire, message("My name is Robin.", id="item_kept")))["item"]
    items = [message("Say hello.", id="item_aside")]
    await ask(probe, wire, {**TEXT, "input_items": items}, optional=True)
    await wire.send({"type": "conversation.item.retrieve", "item_id": kept["id"]})
    await wire.next("conversation.item.retrieved")
    aside = {"type": "conversation.item.retrieve", "item_id": "item_aside"}
    await probe.refusal(wire, aside, accepted="conversation.item.retrieved")


@_section.check("12.25", responses=1, proves=("response.append_input_items",))
async def appended_items_join_the_conversation(probe: Probe) -> None:
    """``append_input_items`` are answered together with the conversation, and stay in it.

    False when: one of them cannot be retrieved afterwards; a server that refuses them does not offer them.
    Source: Assumed that they stay; Documented {SDK} of the member, schema B1.
    """
    wire = await talking(probe)
    items = [message("Say hello.", id="item_appended")]
    await ask(probe, wire, {**TEXT, "append_input_items": items}, optional=True)
    await wire.send({"type": "conversation.item.retrieve", "item_id": "item_appended"})
    answer = await probe.answer(wire, "conversation.item.retrieved")
    probe.expect(answer["type"] != "error", "conversation.item.retrieved", answer.get("error"))


@_section.check(
    "12.26",
    pipelines=_AZURE_VOICES,
    since="2026-01-01-preview",
    responses=1,
    proves=("response.pre_generated_assistant_message",),
)
async def words_of_the_client_are_spoken_as_they_stand(probe: Probe) -> None:
    """A ``pre_generated_assistant_message`` is spoken word for word, with no input counted, and joins the conversation.

    False when: the transcript is another, there is no sound, input is counted, or the item cannot be retrieved.
    Source: Observed {VIBE, GOV}, behaviour 4.7.
    """
    wire = await probe.session()
    answer = await ask(probe, wire, _spoken_by_client(_WORDS), optional=True)
    transcript = answer.one("response.audio_transcript.done")["transcript"]
    probe.expect(transcript == _WORDS, _WORDS, transcript)
    probe.expect(bool(answer.of("response.audio.delta")), "sound", "none")
    received = answer.done["usage"]["input_tokens"]
    probe.expect(received == 0, "no input tokens", received)
    await wire.send({"type": "conversation.item.retrieve", "item_id": answer.item["id"]})
    kept = (await wire.next("conversation.item.retrieved"))["item"]["content"][0]
    words = kept.get("transcript") or kept.get("text")
    probe.expect(words == _WORDS, _WORDS, words)


@_section.check("12.27", pipelines=("native",), since="2026-01-01-preview", responses=1)
async def a_native_voice_does_not_speak_words_of_the_client(probe: Probe) -> None:
    """Where the model has a voice of its own, a ``pre_generated_assistant_message`` is only added as text.

    False when: it is spoken, or the words are others.
    Source: Observed {ILA} of OpenAI voices, behaviour 4.7.
    """
    _of_openai(probe)
    wire = await probe.session()
    answer = await ask(probe, wire, _spoken_by_client(_WORDS), optional=True)
    sound = answer.of("response.audio.delta")
    probe.expect(not sound, "no sound", f"{len(sound)} pieces of it")
    part = answer.item["content"][0]
    text = part.get("text") or part.get("transcript")
    probe.expect(text == _WORDS, _WORDS, text)


@_section.check("12.28", since="2026-01-01-preview")
async def words_of_the_client_are_one_text(probe: Probe) -> None:
    """A ``pre_generated_assistant_message`` with two parts, or one of the user's, is refused.

    False when: one of them is accepted.
    Source: Assumed that the rest is refused; Documented {SDK} of one text, schema B1.
    """
    wire = await probe.session()
    for wrong in (_spoken_by_client("One.", "Two."), _spoken_by_client("One.", role="user")):
        error = await probe.refusal(wire, {"type": "response.create", "response": wrong}, accepted="response.created")
        probe.refused(error)


@_section.check("12.29", agents=False, responses=2, proves=("readings.cancel_previous", "response.cancel_previous"))
async def a_request_may_end_the_response_before_it(probe: Probe) -> None:
    """While a response is active another is refused, unless it says ``cancel_previous: true`` and takes its place.

    False when: it is accepted without, or the first is not cancelled; a server that refuses the member does not offer
    it.
    Source: Documented {SDK}, schema B1; Observed {VIBE, ILA} that nothing is cancelled unasked, {GOV} that the member
    is refused.
    """
    wire = await talking(probe)
    await typed(probe, wire, LONG)
    await wire.send({"type": "response.create"})
    first = (await wire.next("response.created"))["response"]["id"]
    await wire.send({"type": "response.create", "event_id": "without"})
    await wire.send({"type": "response.create", "event_id": "with", "response": {**TEXT, "cancel_previous": True}})
    events = await wire.until("response.done", where=lambda event: event["response"]["id"] == first)
    refused = {event["error"].get("event_id"): event["error"] for event in events if event["type"] == "error"}
    if "with" in refused and "extra fields" in str(refused["with"].get("message")):
        raise NotOffered(f"this is refused: {refused['with']['message']}")
    probe.went_well(events[-1]["response"])
    status = events[-1]["response"]["status"]
    if status == "completed":
        probe.inconclusive("the response was over before another could be asked for")
    probe.expect("without" in refused, "the one without is refused", sorted(map(str, refused)))
    probe.expect(status == "cancelled", "status cancelled", status)
    second = await wire.next("response.done", where=lambda event: event["response"]["id"] != first)
    probe.expect(second["response"]["status"] == "completed", "status completed", second["response"]["status"])


@_section.check("12.30")
async def an_unknown_wish_is_refused(probe: Probe) -> None:
    """A member that no response has is refused: ``'response.x' unexpected (extra fields not permitted)``, and nothing
    comes of the request.

    False when: a response begins; loosely, when words or ``param`` are others.
    Source: Observed {GOV}, behaviour 4.8.
    """
    wire = await probe.session()
    wrong = {"type": "response.create", "response": {"unheard_of": True}}
    error = await probe.refusal(wire, wrong, accepted="response.created")
    probe.refused(error, words="'response.unheard_of' unexpected (extra fields not permitted)")
    param = error["error"].get("param")
    probe.loosely(str(param).startswith("response."), "a param that begins with response.", param)
    begun = [event["type"] for event in await wire.for_a_while() if event["type"] == "response.created"]
    probe.expect(not begun, "no response", begun)


@_section.check("12.31")
async def an_unknown_modality_is_refused(probe: Probe) -> None:
    """``modalities`` are text, audio, animation and avatar.

    False when: another is accepted; loosely, when words or ``param`` are others.
    Source: Assumed of a response; Observed {IVW} of other settings, behaviour 6.
    """
    wire = await probe.session()
    wrong = {"type": "response.create", "response": {"modalities": ["smell"]}}
    error = await probe.refusal(wire, wrong, accepted="response.created")
    probe.refused(error, words="should be")
    param = error["error"].get("param")
    probe.loosely(str(param).startswith("response.modalities"), "param response.modalities", param)


@_section.check("12.32", pipelines=("native",), agents=False, proves=("refusals.not_supported",))
async def a_native_voice_takes_one_modality_for_a_response(probe: Probe) -> None:
    """With a voice of the model's own, one response may be exactly ``["text"]`` or ``["audio"]``.

    False when: both together are accepted.
    Source: Observed {PIPE} of OpenAI voices, one source, behaviour 4.8.
    """
    _of_openai(probe)
    wire = await probe.session()
    wrong = {"type": "response.create", "response": {"modalities": ["text", "audio"]}}
    error = await probe.refusal(wire, wrong, accepted="response.created")
    probe.refused(error)
    probe.loosely("modalities" in str(error["error"]), "a word about modalities", error["error"].get("message"))


@_section.check("12.33")
async def a_response_cannot_choose_a_tool_that_is_not_there(probe: Probe) -> None:
    """A ``tool_choice`` that names no tool of the response is refused.

    False when: a response begins.
    Source: Assumed, schema D11.
    """
    wire = await probe.session()
    choice = {"tool_choice": {"type": "function", "name": ABSENT}}
    error = await probe.refusal(wire, {"type": "response.create", "response": choice}, accepted="response.created")
    probe.refused(error)
