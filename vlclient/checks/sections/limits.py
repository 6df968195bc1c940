"""11: how much is too much, and what nearly is."""

import base64
from typing import Any, Final

from vlclient.checks import speech
from vlclient.checks.answers import message
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.sections.refusals import refused_update, taken_update
from vlclient.checks.speech import PCM24
from vlclient.checks.turns import BY_HAND, TAIL_S, append, detecting, heard, item_of, request, say, types
from vlclient.checks.wire import Closed

_section = Section(11, "Limits")

_MIB: Final = 2**20
_MOST_BYTES: Final = 15 * _MIB
_QUIET_S: Final = 11.0
_CLEARED: Final = "input_audio_buffer.cleared"
_COMMITTED: Final = "input_audio_buffer.committed"
_UPDATED: Final = "session.updated"


def _append(size: int) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(size)).decode()}


def _seconds(size: int) -> float:
    return PCM24.duration_ms(size) / 1000


@_section.check("11.01", audio_s=_seconds(_MIB))
async def a_frame_may_be_larger_than_a_mebibyte(probe: Probe) -> None:
    """One append with a mebibyte of sound, 1.4 MB of JSON, is taken without a word.

    False when: it is refused, or the connection ends.
    Source: Observed {SEED, SDKT}, behaviour 3.1: a whole file in one event is accepted.
    """
    wire = await probe.session(BY_HAND)
    await wire.send(_append(_MIB))
    await wire.send({"type": "input_audio_buffer.clear"})
    came = types(await wire.until(_CLEARED))
    probe.expect(came == [_CLEARED], _CLEARED, came)


@_section.check("11.02", audio_s=_seconds(_MOST_BYTES - _MIB))
async def fourteen_mebibytes_are_not_too_much(probe: Probe) -> None:
    """One append with 14 MiB of sound is taken without a word.

    False when: it is refused, or the connection ends.
    Source: Documented {DOC}, schema A7: up to 15 MiB.
    """
    wire = await probe.session(BY_HAND)
    await wire.send(_append(_MOST_BYTES - _MIB))
    await wire.send({"type": "input_audio_buffer.clear"})
    came = types(await wire.until(_CLEARED))
    probe.expect(came == [_CLEARED], _CLEARED, came)


@_section.check("11.03", audio_s=_seconds(_MOST_BYTES + _MIB), proves=("refusals.append_too_large",))
async def sixteen_mebibytes_are_too_much(probe: Probe) -> None:
    """One append with 16 MiB of sound is refused, nothing of it is kept, and the session goes on.

    False when: it is refused, and can be committed; loosely, when the connection ends, or the code is not
    ``invalid_value``. That it is taken says nothing.
    Source: Documented {DOC} of the limit, schema A7; Assumed of the answer, behaviour 3.1.
    """
    wire = await probe.session(BY_HAND)
    try:
        await wire.send(_append(_MOST_BYTES + _MIB))
        await wire.send({"type": "session.update", "session": {}})
        error = await probe.answer(wire, _UPDATED)
    except Closed as closed:
        probe.loosely(False, "an error event", f"close {closed.code}")
        return
    if error["type"] == _UPDATED:
        probe.not_enforced()
    probe.refused(error, usual_code="invalid_value")
    await wire.next(_UPDATED)
    await wire.send({"type": "input_audio_buffer.commit"})
    answer = await probe.answer(wire, _COMMITTED)
    probe.expect(answer["type"] == "error", "nothing to commit", answer["type"])


@_section.check("11.04", slow=True)
async def a_session_may_be_quiet_for_a_while(probe: Probe) -> None:
    """A client that says nothing for eleven seconds is still served.

    False when: the connection ends, or an update is not answered.
    Source: Observed {FON}, behaviour 1.4: sessions idled for minutes.
    """
    wire = await probe.session(BY_HAND)
    came = types(await wire.for_a_while(_QUIET_S))
    probe.expect(not came, "silence", came)
    await wire.ping()
    await probe.updated(wire, {})


@_section.check("11.05", audio_s=25.0 + speech.WEATHER_S + TAIL_S)
async def a_turn_is_found_however_long_it_took_to_come(probe: Probe) -> None:
    """After 25 seconds of silence a question is a turn, with times that count from the start of the stream.

    False when: it is not found, or begins more than 600 ms from there.
    Source: Observed {FON}, behaviour 3.2.
    """
    wire = await probe.session(detecting())
    await say(wire, lead_s=25.0)
    turn = await heard(probe, wire)
    near = isinstance(turn.start_ms, int) and 24400 <= turn.start_ms <= 25000 + 300
    probe.expect(near, "audio_start_ms from 24400 to 25300", turn.start_ms)


@_section.check("11.06", audio_s=25.0)
async def a_manual_turn_may_be_long(probe: Probe) -> None:
    """25 seconds of sound can be committed as one turn.

    False when: the commit is refused, or makes no item.
    Source: Documented {DOC}, schema B 3: no greatest length is named; Observed {NETT} of 20 seconds in the buffer.
    """
    wire = await probe.session(BY_HAND)
    await append(wire, (speech.weather() + speech.silence(0.92)) * 10, block_s=1.0)
    await wire.send({"type": "input_audio_buffer.commit"})
    answer = await probe.answer(wire, _COMMITTED)
    probe.require(answer["type"] == _COMMITTED, _COMMITTED, answer.get("error"))
    await item_of(wire, answer["item_id"])


@_section.check("11.07", since="2026-01-01-preview")
async def a_response_has_at_most_sixteen_labels(probe: Probe) -> None:
    """``response.create`` with 17 pairs of metadata is refused, and nothing begins.

    False when: it is refused, and a response begins. That it is accepted says nothing.
    Source: Documented {DOC}, schema A7.
    """
    wire = await probe.session(BY_HAND)
    labels = {f"label-{number}": "x" for number in range(17)}
    await request(wire, response={"metadata": labels})
    answer = await probe.answer(wire, "response.created")
    if answer["type"] != "error":
        await wire.send({"type": "response.cancel"})
        probe.not_enforced()
    probe.refused(answer)
    came = types(await wire.for_a_while())
    probe.expect(not came, "nothing more", came)


@_section.check("11.08")
async def ten_languages_are_enough(probe: Probe) -> None:
    """A transcription that is to understand ten languages is accepted, and one for eleven refused.

    False when: ten are refused where one is not. That eleven are accepted says nothing.
    Source: Documented {DOC}, schema A7 and D7: up to ten; not what becomes of more.
    """
    languages = ["en-US", "de-DE", "fr-FR", "es-ES", "it-IT", "pt-BR", "ja-JP", "ko-KR", "zh-CN", "hi-IN", "nl-NL"]

    def understanding(most: int) -> dict[str, Any]:
        transcription = {"model": "azure-speech", "language": ",".join(languages[:most])}
        detector = {"type": "azure_semantic_vad_multilingual"}
        return {"turn_detection": detector, "input_audio_transcription": transcription}

    wire = await probe.session(understanding(1))
    await taken_update(probe, wire, understanding(10))
    await refused_update(probe, understanding(11), wire=wire, beyond_limit=True)


@_section.check("11.09")
async def a_client_may_say_much_in_one_go(probe: Probe) -> None:
    """A typed item of 20,000 characters is taken.

    False when: it is refused, or the connection ends.
    Source: Assumed of this length; Documented {DOC}, schema E1: no greatest one is named.
    """
    wire = await probe.session(BY_HAND)
    await wire.send({"type": "conversation.item.create", "item": message("All work and no play. " * 900)})
    answer = await probe.answer(wire, "conversation.item.created")
    probe.expect(answer["type"] == "conversation.item.created", "conversation.item.created", answer.get("error"))
