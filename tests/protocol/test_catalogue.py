import inspect
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from azure.ai.voicelive import models

from vlmock.protocol import input_audio, items, output, response, session, tools, turn_detection, voices
from vlmock.protocol.catalogue import (
    CLIENT_EVENTS,
    OTHER_CLIENT_EVENTS,
    OTHER_SERVER_EVENTS,
    SERVER_EVENTS,
    AnyClientEvent,
    AnyServerEvent,
)
from vlmock.protocol.versions import SINCE
from vlmock.protocol.wire import ClientEvent, ServerEvent, WireObject

ALL = CLIENT_EVENTS | OTHER_CLIENT_EVENTS | SERVER_EVENTS | OTHER_SERVER_EVENTS


def subclasses(base: type) -> set[type]:
    return {inner for each in base.__subclasses__() for inner in (each, *subclasses(each))}


def test_the_catalogue_is_the_schemas(shared: Path):
    """20 client and 56 server events, the very ones that schema B and C number, in their order."""
    text = (shared / "protocol" / "schema.md").read_text(encoding="utf-8")
    sections = {section[0]: section for section in text.split("\n## ")[1:]}
    numbered = re.compile(r"^\| \d+ \| `([^`]+)` \|", re.MULTILINE)
    assert list(CLIENT_EVENTS) == numbered.findall(sections["B"])
    assert list(SERVER_EVENTS) == numbered.findall(sections["C"])
    assert (len(CLIENT_EVENTS), len(SERVER_EVENTS)) == (20, 56)


def test_the_catalogue_is_the_vendors():
    """No event of the vendor SDK's enums is missing, and none is added to the official ones."""
    assert set(CLIENT_EVENTS) == {each.value for each in models.ClientEventType}
    assert set(SERVER_EVENTS) == {each.value for each in models.ServerEventType}


def test_no_event_is_left_out_of_the_catalogue():
    """Every event class that is not a base of others is in exactly one table, and every table in its union."""
    events = {each for base in (ClientEvent, ServerEvent) for each in subclasses(base) if not each.__subclasses__()}
    assert events == set(ALL.values())
    assert len(ALL) == len(events)
    assert set(get_args(AnyClientEvent)) == set(CLIENT_EVENTS.values())
    assert set(get_args(AnyServerEvent)) == set((SERVER_EVENTS | OTHER_SERVER_EVENTS).values())


def test_a_wire_type_is_immutable_and_made_with_keywords():
    """The order of members on the wire is that in which they are declared, and nobody's to know by heart."""
    for each in {kind for base in (WireObject, ClientEvent, ServerEvent) for kind in subclasses(base)}:
        kinds = {parameter.kind for parameter in inspect.signature(each).parameters.values()}
        assert kinds <= {inspect.Parameter.KEYWORD_ONLY}, each
        assert each.__struct_config__.frozen, each


@pytest.mark.parametrize(("wire_type", "event_class"), ALL.items())
def test_a_class_is_named_after_its_event(wire_type: str, event_class: type):
    """``session.avatar.switch_to_idle`` is ``SessionAvatarSwitchToIdle``; ``error`` and ``warning`` get a suffix."""
    name = "".join(word.capitalize() for word in re.split(r"[._]", wire_type))
    assert event_class.__name__ == (f"{name}Event" if wire_type in ("error", "warning") else name)


def test_every_event_says_since_when_it_exists():
    """A known api-version for each; schema C counts 35, 9, 11 and 1 for the official server events."""
    assert set(SINCE) == set(ALL)
    assert set(SINCE.values()) <= set(session.API_VERSIONS)
    versions = [SINCE[wire_type] for wire_type in SERVER_EVENTS]
    counted = {version: versions.count(version) for version in versions}
    assert counted == {"2025-10-01": 35, "2026-01-01-preview": 9, "2026-04-10": 11, "2026-06-01-preview": 1}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (session.MODALITIES, models.Modality),
        (session.REASONING_EFFORTS, models.ReasoningEffort),
        (session.INTERIM_RESPONSE_TYPES, models.InterimResponseConfigType),
        (session.INTERIM_RESPONSE_TRIGGERS, models.InterimResponseTrigger),
        (session.SESSION_INCLUDES, models.SessionIncludeOption),
        (input_audio.INPUT_AUDIO_FORMATS, models.InputAudioFormat),
        (input_audio.ECHO_REFERENCE_SOURCES, models.EchoCancellationReferenceSource),
        (output.ANIMATION_OUTPUT_TYPES, models.AnimationOutputType),
        (output.AUDIO_TIMESTAMP_TYPES, models.AudioTimestampType),
        (voices.OPENAI_VOICES, models.OpenAIVoiceName),
        (voices.VOICE_TYPES, models.AzureVoiceType),
        (voices.AZURE_REALTIME_NATIVE_VOICES, models.AzureRealtimeNativeVoiceName),
        (voices.PERSONAL_VOICE_MODELS, models.PersonalVoiceModels),
        (turn_detection.TURN_DETECTION_TYPES, models.TurnDetectionType),
        (turn_detection.EOU_THRESHOLD_LEVELS, models.EouThresholdLevel),
        (tools.TOOL_TYPES, models.ToolType),
        (tools.TOOL_CHOICES, models.ToolChoiceLiteral),
        (tools.MCP_APPROVAL_TYPES, models.MCPApprovalType),
        (items.MESSAGE_ROLES, models.MessageRole),
        (items.ITEM_TYPES, models.ItemType),
        (items.CONTENT_PART_TYPES, models.ContentPartType),
        (items.IMAGE_DETAILS, models.RequestImageContentPartDetail),
        (items.REQUEST_ITEM_STATUSES, models.ItemParamStatus),
        (items.RESPONSE_ITEM_STATUSES, models.ResponseItemStatus),
        (response.RESPONSE_STATUSES, models.ResponseStatus),
    ],
)
def test_no_value_of_the_vendors_enums_is_missing(ours: tuple[str, ...], theirs: type):
    """Each enum of schema F holds at least what the vendor SDK's holds, and nothing twice."""
    assert {each.value for each in theirs} <= set(ours)
    assert len(set(ours)) == len(ours)


@pytest.mark.parametrize(
    ("union", "values"),
    [
        (voices.Voice, voices.VOICE_TYPES),
        (
            turn_detection.TurnDetection,
            (*turn_detection.TURN_DETECTION_TYPES, "azure_multilingual_semantic_vad", "none"),
        ),
        (tools.Tool, (*tools.TOOL_TYPES, "foundry_agent")),
        (session.InterimResponse, session.INTERIM_RESPONSE_TYPES),
        (items.ResponseItem, (*items.ITEM_TYPES, "foundry_agent_call")),
        (items.ContentPart, items.CONTENT_PART_TYPES),
    ],
)
def test_every_value_of_a_discriminator_has_a_class(union: object, values: tuple[str, ...]):
    """What the tables of values name and what the unions can hold is the same."""
    assert {each.__struct_config__.tag for each in get_args(union)} == set(values)


def test_wire_types_cannot_be_changed():
    """An event is what was said; nobody may change it afterwards."""
    event = CLIENT_EVENTS["response.cancel"](response_id="resp_1")
    with pytest.raises(AttributeError):
        event.response_id = "resp_2"
    assert msgspec.structs.replace(event, response_id="resp_2").response_id == "resp_2"
