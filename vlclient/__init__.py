"""The reference client for the Voice Live API.

    async with vlclient.connect("https://my-resource.services.ai.azure.com", model="gpt-4o") as session:
        await session.update(instructions="Be brief.", voice="en-US-AvaNeural", turn_detection=AzureSemanticVad())
        async for event in session:
            ...

Events and settings are the types of ``vlmock.protocol``; what people use most is here by name.
"""

from vlclient.conduct import Event
from vlclient.connecting import connect
from vlclient.endpoint import Agent
from vlclient.errors import (
    AudioError,
    AudioUnavailable,
    ConfigurationError,
    ConnectionClosed,
    CouldNotReach,
    CredentialError,
    DeviceLost,
    NoAnswer,
    NotAllowed,
    ProtocolViolation,
    Refused,
    ServiceError,
    VoiceLiveError,
)
from vlclient.latency import Latency
from vlclient.log import WireLog
from vlclient.reconnect import Reconnect, Reconnected, Reconnecting
from vlclient.recorder import Recorder
from vlclient.session import Session
from vlclient.tools import Tool
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.turn_detection import (
    AzureSemanticVad,
    AzureSemanticVadEn,
    AzureSemanticVadMultilingual,
    SemanticVad,
    ServerVad,
)

__all__ = [
    "Agent",
    "AudioError",
    "AudioUnavailable",
    "AzureSemanticVad",
    "AzureSemanticVadEn",
    "AzureSemanticVadMultilingual",
    "ConfigurationError",
    "ConnectionClosed",
    "CouldNotReach",
    "CredentialError",
    "DeviceLost",
    "Event",
    "Latency",
    "NoAnswer",
    "NotAllowed",
    "ProtocolViolation",
    "Reconnect",
    "Reconnected",
    "Reconnecting",
    "Recorder",
    "Refused",
    "SemanticVad",
    "ServerVad",
    "ServiceError",
    "Session",
    "Tool",
    "UnknownServerEvent",
    "VoiceLiveError",
    "WireLog",
    "connect",
]
