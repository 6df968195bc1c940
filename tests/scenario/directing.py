"""A director at work: what it answers, and what it hears."""

from typing import Any

from vlmock.protocol.session import ResponseSession
from vlmock.scenario.director import Director
from vlmock.scenario.model import Scenario
from vlmock.session.script import Heard, Reply, Say, Spoken, Turn


def directing(**parts: Any) -> Director:
    return Director(Scenario.build(name="test", **parts))


def said(reply: Reply) -> list[str]:
    return [step.text for step in reply.steps if isinstance(step, Say)]


def hear(director: Director, **session: Any) -> str | Heard:
    return director.hear(Spoken("item_1", 1240.0, ResponseSession(model="gpt-4.1", **session)))


def read(director: Director) -> str | Heard:
    """Heard by a model that only reads."""
    return director.hear(Spoken("item_1", 1240.0, ResponseSession(model="gpt-4.1"), transcript_is_input=True))


def answer(director: Director, turn: Turn) -> list[str]:
    return said(director.reply(turn))


HELLO = {"user": "Hello", "reply": "Hi."}
NAME = {"user": "What is your name?", "reply": "Ava."}
BYE = {"user": "Goodbye", "reply": "Bye."}
