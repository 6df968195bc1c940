"""All rules for people: as text in a terminal, as a page in Markdown."""

from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import Final

from vlmock.conduct.rule import Rule
from vlmock.conduct.rules import FAMILIES, RULES
from vlmock.conduct.unseen import UNSEEN

__all__ = ["as_markdown", "as_text", "sorted_rules"]

_WIDTH: Final = 100
_INTRODUCTION: Final = """\
# Rules of conduct

Made from the code by `python -m vlmock.conduct.listing`; `vlmock lint --list` prints the same.

An *error* is refused by the service, or the conversation goes wrong; a *warning* goes wrong with another build, network
or user; an *advice* works, and could work better. Sources are labelled Documented, Observed or Assumed; "behaviour" is
the project's collection of how the service behaves."""


def sorted_rules() -> Sequence[Rule]:
    """By number."""
    return sorted(RULES, key=lambda rule: rule.id)


def as_text(rules: Iterable[Rule]) -> str:
    """Each rule with what goes wrong, what to do, and where that comes from."""
    return "\n\n".join(_told(rule) for rule in rules)


def _told(rule: Rule) -> str:
    paragraphs = (rule.requirement, rule.explanation, f"Remedy: {rule.remedy}.", f"Source: {rule.source}")
    body = [fill(words, _WIDTH, initial_indent="    ", subsequent_indent="    ") for words in paragraphs]
    return "\n".join([f"{rule} ({rule.severity})", *body])


def as_markdown() -> str:
    """The page ``RULES.md``."""
    parts = [_INTRODUCTION]
    for family in sorted(FAMILIES, key=lambda family: min(rule.id for rule in family.RULES)):
        of_family = sorted((*family.RULES, *getattr(family, "LAST", ())), key=lambda rule: rule.id)
        parts.append(f"## {(family.__doc__ or '').strip().rstrip('.')}")
        parts += [_section(rule) for rule in of_family]
    parts.append("## What no server can see")
    parts += [f"- **{each.duty}** To test it: {each.how}. {each.source}" for each in UNSEEN]
    return "\n\n".join(parts) + "\n"


def _section(rule: Rule) -> str:
    return (
        f"### {rule.id} {rule.name} ({rule.severity})\n\n{rule.requirement} {rule.explanation}\n\n"
        f"*Remedy:* {rule.remedy}.\n\n*Source:* {rule.source}"
    )


if __name__ == "__main__":
    print(as_markdown(), end="")
