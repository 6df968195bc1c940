"""Which models exist, what kind of brain each one is, and what the service calls it in its answers."""

from enum import StrEnum
from typing import Final

__all__ = ["KNOWN", "PROFILES", "REALTIME_PROFILE", "Family", "family", "is_known", "is_text_model", "resolved"]


class Family(StrEnum):
    """What a model listens with, and therefore which settings it takes. Documented: schema A6, "pipeline classes"."""

    REALTIME = "realtime"
    """Hears and may speak: ``gpt-realtime*``, and a deployment of the caller's own behind ``REALTIME_PROFILE``."""
    PHI = "phi"
    """Hears, and is spoken for by an Azure voice."""
    AZURE_REALTIME = "azure-realtime"
    """Hears and speaks, with voices of its own."""
    CASCADED = "cascaded"
    """Reads transcripts: every text model, and every agent."""


REALTIME_PROFILE: Final = "byom-azure-openai-realtime"
PROFILES: Final = (REALTIME_PROFILE, "byom-azure-openai-chat-completion", "byom-foundry-anthropic-messages")
"""Values of the query parameter ``profile``. Documented: schema A2."""

_REALTIME = (
    "gpt-realtime",
    "gpt-realtime-datazone",
    "gpt-realtime-mini",
    "gpt-realtime-1.5",
    "gpt-realtime-1.5-datazone",
    "gpt-realtime-2",
    "gpt-realtime-2.1",
    "gpt-realtime-2.1-datazone",
    "gpt-realtime-2.1-mini",
    "gpt-4o-realtime-preview",
    "gpt-4o-mini-realtime-preview",
)
_PHI = ("phi4-mm-realtime",)
_AZURE_REALTIME = ("azure-realtime",)
_CASCADED = (
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-5",
    "gpt-5-chat",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-5.1",
    "gpt-5.2",
    "gpt-5.4",
    "gpt-5.6-luna",
    "gpt-5.6-terra",
    "phi4-mini",
)

_ONLY_DEPLOYED = ("gpt-5.5", "gpt-5.4-mini", "gpt-5.4-nano")
"""Documented: schema A6, text models that the service does not have itself."""

_FAMILIES: Final = {
    **dict.fromkeys(_REALTIME, Family.REALTIME),
    **dict.fromkeys(_PHI, Family.PHI),
    **dict.fromkeys(_AZURE_REALTIME, Family.AZURE_REALTIME),
    **dict.fromkeys(_CASCADED, Family.CASCADED),
}

KNOWN: Final = tuple(_FAMILIES)
"""Documented: schema A6, the managed models and the older names. Observed {FON}: ``gpt-realtime-2``."""

_DEPLOYMENTS: Final = {
    "gpt-4o": "gpt-4o-2024-11-20",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "gpt-5-nano": "gpt-5-nano-2025-08-07",
}
"""Observed {FON}: ``gpt-4.1-mini`` is answered with its dated name. Assumed for the others: their published dates."""


def is_known(model: str) -> bool:
    """Whether the service has this model."""
    return model in _FAMILIES


def is_text_model(deployment: str) -> bool:
    """Whether a deployment bears the name of a text model, as one does unless somebody chose another.

    Observed {S14}: ``gpt-5-mini`` is no realtime model, and the service finds out. Assumed: by the model behind a name,
    which is not known here, so any other name may be one.
    """
    return deployment in _CASCADED or deployment in _ONLY_DEPLOYED


def family(model: str, profile: str | None = None) -> Family:
    """What kind of brain a model is. A model that nobody knows counts as cascaded, and so does an agent's, ``""``.

    Documented: schema A6 and A2.
    """
    if profile in PROFILES:
        return Family.REALTIME if profile == REALTIME_PROFILE else Family.CASCADED
    return _FAMILIES.get(model, Family.CASCADED)


def resolved(model: str, profile: str | None = None) -> str:
    """The name that ``session.model`` answers with.

    Observed {FON, PAI}: ``gpt-realtime`` comes back as ``gpt-realtime-global-standard``, ``gpt-4.1-mini`` with its
    date. Assumed: ``-datazone`` becomes ``-datazone-standard``; a deployment and any other model keep their names.
    """
    if profile in PROFILES:
        return model
    if _FAMILIES.get(model) is not Family.REALTIME:
        return _DEPLOYMENTS.get(model, model)
    return model + ("-standard" if model.endswith("-datazone") else "-global-standard")
