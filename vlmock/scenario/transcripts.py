"""What is written down of a spoken turn, as a scenario says it: words, or a mapping with more about them."""

from typing import Any

from vlmock.scenario.kinds import Key, Record, Schema, Share, Text
from vlmock.scenario.model import Written
from vlmock.scenario.nodes import Node
from vlmock.session.script import TranscriptionFailure

__all__ = ["TRANSCRIPT"]


def _written(values: dict[str, Any], node: Node) -> Written:
    if not values:
        raise node.place.complaint("transcript: an empty mapping; leave it out, or give it 'text' or 'fails'")
    if "code" in values and "fails" not in values:
        raise node.keys["code"].complaint("'code' needs 'fails': it says why the transcription failed")
    how = {key: values[key] for key in ("text", "locale", "confidence") if key in values}
    if "fails" not in values:
        return Written(**how)
    code = {"code": values["code"]} if "code" in values else {}
    return Written(**how, failure=TranscriptionFailure(values["fails"], **code))


class _TranscriptKind:
    """Words, or a mapping."""

    _record = Record(
        "transcript",
        "What is written down of speech.",
        {
            "text": Key(Text(), "What it is heard as."),
            "fails": Key(Text(), "Nobody can write it down, and this is why. A cascade has no words to answer, then."),
            "code": Key(Text(), "With 'fails', a word for programs; audio_unintelligible unless given."),
            "locale": Key(Text(), "The language that was heard, like de-DE; shown in phrases."),
            "confidence": Key(Share(), "How sure the transcription is, 0 to 1; shown in phrases and logprobs."),
        },
        _written,
    )

    def read(self, node: Node, name: str) -> Written:
        if isinstance(node.value, dict):
            read: Written = self._record.read(node, name)
            return read
        return Written(Text().read(node, name))

    def schema(self, defs: Schema) -> Schema:
        return {"anyOf": [Text().schema(defs), self._record.schema(defs)]}


TRANSCRIPT = _TranscriptKind()
