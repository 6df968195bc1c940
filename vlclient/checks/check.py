"""What a check is: a number, a requirement, what would show it false, where it is known from, and how to try it."""

import inspect
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

import msgspec

if TYPE_CHECKING:
    from vlclient.checks.probe import Probe

__all__ = [
    "MOST_AUDIO_S",
    "MOST_RESPONSES",
    "PIPELINES",
    "Body",
    "Check",
    "Cost",
    "Label",
    "Section",
    "registered",
    "with_caution",
]

PIPELINES: Final = ("cascade", "hybrid", "native")
"""Behaviour, fact 1: the three services behind the endpoint."""

MOST_RESPONSES: Final = 1
MOST_AUDIO_S: Final = 10.0

Body: TypeAlias = "Callable[[Probe], Awaitable[None]]"
Label: TypeAlias = Literal["Documented", "Observed", "Assumed"]

_NUMBER: Final = re.compile(r"\d{1,2}\.\d{2}")
_DOCUMENTED: Final = re.compile(
    r"(?P<requirement>.+?)\n\nFalse when: (?P<falsified_by>.+?)\nSource: "
    r"(?P<source>(?:Documented|Observed|Assumed)\b.+)",
    re.DOTALL,
)


class Cost(msgspec.Struct, frozen=True):
    """What a check takes of a live service."""

    connections: int = 1
    audio_s: float = 0.0
    """Sent, in seconds of sound."""
    responses: int = 0
    """That a model generates."""
    slow: bool = False
    """It waits for more than ten seconds."""

    @property
    def is_high(self) -> bool:
        """More than somebody who pays for it would give without being asked."""
        return self.responses > MOST_RESPONSES or self.audio_s > MOST_AUDIO_S


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement and how to try it."""

    number: str
    """``3.04``: section and place. It stays the same for ever; what is dropped leaves a gap."""
    name: str
    section: str
    requirement: str
    """In our words."""
    falsified_by: str
    source: str
    """With its label: ``Observed {FON}, behaviour 2.1``."""
    pipelines: tuple[str, ...]
    """Those that it applies to."""
    since: str
    """The first api-version that has what it asks for; "" for all."""
    agents: bool
    """Whether it also applies where an agent answers in place of a model."""
    proves: tuple[str, ...]
    """What is known of the service once it passes there: see ``Section.check``."""
    cost: Cost
    body: Body

    @property
    def label(self) -> Label:
        """How its requirement is known: the first word of its source, which is about the least certain part that can
        make it fail."""
        return cast(Label, re.split(r"\W", self.source, maxsplit=1)[0])


class Section:
    """Registers the checks of one section, in the order in which they stand there."""

    def __init__(self, number: int, title: str) -> None:
        self.number, self.title = number, title

    def check(
        self,
        number: str,
        *,
        pipelines: tuple[str, ...] = PIPELINES,
        since: str = "",
        agents: bool = True,
        proves: tuple[str, ...] = (),
        connections: int = 1,
        audio_s: float = 0.0,
        responses: int = 0,
        slow: bool = False,
    ) -> Callable[[Body], Body]:
        """Register an async function of a ``Probe``.

        ``proves``: subjects of ``vlmock emulated`` of which a service that passes has shown all that was assumed: an
        event (``session.updated``), a field (``session.voice.rate``), a refusal (``refusals.model_fixed``), a reading
        (``readings.update``). ``agents``: False where it makes no sense for an agent. The docstring reads::

            The requirement.

            False when: what would show it false.
            Source: Observed {FON}, behaviour 2.1.

        The source begins with Documented, Observed or Assumed. Raises ValueError where the docstring does not say this,
        or where the number is another section's or taken.
        """
        cost = Cost(connections=connections, audio_s=audio_s, responses=responses, slow=slow)

        def register(body: Body) -> Body:
            name = getattr(body, "__name__", "")
            found = _DOCUMENTED.fullmatch(inspect.cleandoc(body.__doc__ or ""))
            if found is None:
                raise ValueError(f"the docstring of {name} does not say requirement, 'False when:' and 'Source:'")
            if not _NUMBER.fullmatch(number) or number.split(".")[0] != str(self.number) or number in _CHECKS:
                raise ValueError(f"{number} is no free number of section {self.number}")
            told = {key: " ".join(text.replace("``", "`").split()) for key, text in found.groupdict().items()}
            _CHECKS[number] = Check(
                number=number,
                name=name,
                section=self.title,
                pipelines=pipelines,
                since=since,
                agents=agents,
                proves=proves,
                cost=cost,
                body=body,
                **told,
            )
            return body

        return register


def with_caution(source: str) -> str:
    """The source of a check that has failed, for people to judge by."""
    return f"{source} Nobody has promised it: the assumption may be wrong." if source.startswith("Assumed") else source


_CHECKS: Final[dict[str, Check]] = {}


def registered() -> list[Check]:
    """All whose modules have been imported, by number."""
    return sorted(_CHECKS.values(), key=lambda check: tuple(map(int, check.number.split("."))))
