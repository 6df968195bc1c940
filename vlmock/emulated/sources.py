"""Who knows it: what the tags in braces stand for."""

from collections.abc import Mapping
from typing import Final

__all__ = ["SOURCES"]

SOURCES: Final[Mapping[str, str]] = {
    "FON": "duguetlabs/openfon: 319 wire logs and latency studies, api-version 2025-10-01, August 2026",
    "PAI": "pydantic/pydantic-ai: recorded sessions with gpt-realtime, 2026-04-10",
    "NB04": "Azure-Samples/art-voice-agent-accelerator: notebook 04, time-stamped, 2025-05-01-preview",
    "SEED": "Microsoft's quickstart with its debug log, May 2025",
    "SDK": "azure-ai-voicelive 1.3.1: source, changelog, samples",
    "SDKT": "azure-ai-voicelive 1.3.1: live tests",
    "SDKPR": "Azure/azure-sdk-for-python, pull request 48915",
    "NETT": "azure-sdk-for-net: live tests",
    "JAVAT": "azure-sdk-for-java: live tests",
    "JST": "azure-sdk-for-js: integration tests",
    "VIBE": "huqianghui/AI-interview-vibe-coding, and its author's later notes, August to October 2026",
    "S03": "the same author's articles on Voice Live: latency",
    "S09": "the same author's articles on Voice Live: voices and models",
    "S14": "the same author's articles on Voice Live: model paths",
    "IVW": "a public interview client with dated notes of the service's errors, July and August 2026",
    "GOV": "a public telephony client with notes of 10 July 2026",
    "ILA": "iLoveAgents/foundry-voice-live",
    "PIPE": "pipecat, pull request 5718",
    "BANK": "a public banking agent on Voice Live",
    "DAN": "a public voice agent on Voice Live",
    "TAK": "TakahiroMiyaura/VoiceLiveAPISamples",
    "JOR": "JoranBergfeld/foundry-voice-live-avatar",
    "AI4IA": "a public project's notes on avatars, measured in September 2026",
    "SKILL": "a public document of lessons learned with avatars",
    "FLOW": "a single public document",
    "TROUB": "a single public document on trouble with agents",
    "STTX": "a single public document on transcription",
    "ODD": "a single public document",
    "EVAL": "microsoft-foundry/voicelive-evaluation",
    "DOC": "Microsoft's documentation of Voice Live, and its API reference",
    "OAI": "OpenAI's and Azure OpenAI's Realtime reference, the parent protocol",
}
"""By tag."""
