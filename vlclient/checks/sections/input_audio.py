"""5: the buffer that a client fills with sound: append, commit and clear."""

import base64
import random
from typing import Final

from vlclient.checks import speech
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.turns import BY_HAND, append, commit, detecting, say, types
from vlclient.checks.wire import Event, Silence, Wire

_section = Section(5, "Input audio")

_COMMITTED: Final = "input_audio_buffer.committed"
_CLEARED: Final = "input_audio_buffer.cleared"
_CLEAR: Final = {"type": "input_audio_buffer.clear"}
_COMMIT: Final = {"type": "input_audio_buffer.commit"}
_TOO_SMALL: Final = "buffer too small. Expected at least 100ms of audio"


async def _refused_append(probe: Probe, wire: Wire, audio: str | None) -> Event:
    """The ``error`` for an append, which would not be answered if it was taken."""
    await wire.send(
        {"type": "input_audio_buffer.append", **({} if audio is None else {"audio": audio}), "event_id": "asked"}
    )
    answer = await wire.next("error")
    probe.refused(answer)
    named = answer["error"].get("event_id")
    probe.loosely(named in ("asked", None), "error.event_id 'asked' or null", named)
    return answer


def _says_invalid(probe: Probe, error: Event) -> None:
    details = error["error"]
    probe.loosely(details.get("code") == "invalid_value", "code invalid_value", details.get("code"))
    probe.loosely(details.get("param") == "audio", "param audio", details.get("param"))


async def _refused_commit(probe: Probe, wire: Wire) -> None:
    error = await probe.refusal(wire, _COMMIT, accepted=_COMMITTED)
    probe.refused(error, code="input_audio_buffer_commit_empty", words=_TOO_SMALL)


async def _committed(probe: Probe, wire: Wire) -> None:
    """What is held is enough for a commit. Observed {FON}, behaviour 3.4: a cascade says so when it has recognised it,
    and nobody has seen what it says of sound without words."""
    await commit(wire)
    try:
        answer = await probe.answer(wire, _COMMITTED)
    except Silence:
        if probe.pipeline != "cascade":
            raise
        probe.inconclusive("the commit is not answered: there may have been no words to recognise")
    probe.expect(answer["type"] == _COMMITTED, _COMMITTED, answer.get("error"))


@_section.check("5.01", audio_s=0.1)
async def an_append_has_no_answer(probe: Probe) -> None:
    """Sound that is taken is not acknowledged, not even when its event has an id.

    False when: an event comes.
    Source: Observed {SEED, SDKT}, behaviour 3.1.
    """
    wire = await probe.session(BY_HAND)
    audio = base64.b64encode(speech.silence(0.1)).decode()
    await wire.send({"type": "input_audio_buffer.append", "audio": audio, "event_id": "mine"})
    came = types(await wire.for_a_while())
    probe.expect(not came, "silence", came)


@_section.check("5.02", audio_s=0.1)
async def sound_may_come_before_the_first_update(probe: Probe) -> None:
    """A client that sends sound before its first ``session.update`` loses nothing but that sound.

    False when: the connection ends, or the update is refused; loosely, when the sound is refused with
    ``invalid_session_update_message``.
    Source: Observed {SDKT} and most wires against {FON} and field reports, schema B2 and I.
    """
    wire, _ = await probe.created()
    await append(wire, speech.silence(0.1))
    came = await wire.for_a_while()
    probe.loosely(not came, "silence", types(came))
    for event in came:
        probe.refused(event, code="invalid_session_update_message")
    await probe.updated(wire, {"voice": probe.server.voice})


@_section.check("5.03")
async def an_empty_append_is_refused(probe: Probe) -> None:
    """An append of nothing is answered with an ``error``.

    False when: it is not; loosely, when its code is not ``invalid_value`` or its param not ``audio``.
    Source: Assumed {OAI}, behaviour 3.1.
    """
    _says_invalid(probe, await _refused_append(probe, await probe.session(BY_HAND), ""))


@_section.check("5.04", proves=("refusals.not_whole_samples",))
async def half_a_sample_is_refused(probe: Probe) -> None:
    """An append of PCM16 with an odd number of bytes is answered with an ``error``.

    False when: it is not; loosely, when its code is not ``invalid_value`` or its param not ``audio``.
    Source: Observed {ODD}, one source, behaviour 3.1; Assumed of the code.
    """
    odd = base64.b64encode(bytes(4801)).decode()
    _says_invalid(probe, await _refused_append(probe, await probe.session(BY_HAND), odd))


@_section.check("5.05", proves=("refusals.invalid_audio",))
async def what_is_no_base64_is_refused(probe: Probe) -> None:
    """An append whose ``audio`` is no base64 is answered with an ``error``.

    False when: it is not; loosely, when its code is not ``invalid_value`` or its param not ``audio``.
    Source: Assumed {OAI}, behaviour 3.1.
    """
    _says_invalid(probe, await _refused_append(probe, await probe.session(BY_HAND), "this is no base64!"))


@_section.check("5.06")
async def an_append_must_have_audio(probe: Probe) -> None:
    """An append without ``audio`` is answered with an ``error``.

    False when: it is not; loosely, when its code is not ``missing_required_parameter`` or its param not ``audio``.
    Source: Assumed {OAI}, behaviour 6.
    """
    details = (await _refused_append(probe, await probe.session(BY_HAND), None))["error"]
    wanted = "missing_required_parameter"
    probe.loosely(details.get("code") == wanted, f"code {wanted}", details.get("code"))
    probe.loosely(details.get("param") == "audio", "param audio", details.get("param"))


@_section.check("5.07", audio_s=0.3)
async def a_refused_append_takes_nothing_away(probe: Probe) -> None:
    """What was appended before a refused append is still there, and can be committed.

    False when: the commit is refused.
    Source: Assumed of sound; Observed {VIBE}, behaviour 6: errors leave the session as it was.
    """
    wire = await probe.session(BY_HAND)
    await append(wire, speech.tone(0.3))
    await _refused_append(probe, wire, "")
    await _committed(probe, wire)


@_section.check("5.08", proves=("refusals.buffer_too_small",))
async def nothing_cannot_be_committed(probe: Probe) -> None:
    """A commit of an empty buffer is refused with ``input_audio_buffer_commit_empty``.

    False when: it is accepted, or the code is another; loosely, when the words are others.
    Source: Observed {STTX}, behaviour 3.1.
    """
    await _refused_commit(probe, await probe.session(BY_HAND))


@_section.check("5.09", audio_s=0.06)
async def less_than_a_tenth_of_a_second_cannot_be_committed(probe: Probe) -> None:
    """A commit of 60 ms is refused with ``input_audio_buffer_commit_empty``, which says how much there is.

    False when: it is accepted, or the code is another; loosely, when the words are others.
    Source: Observed {STTX}, behaviour 3.1.
    """
    wire = await probe.session(BY_HAND)
    await append(wire, speech.tone(0.06))
    error = await probe.refusal(wire, _COMMIT, accepted=_COMMITTED)
    probe.refused(error, code="input_audio_buffer_commit_empty", words="60.00ms of audio")


@_section.check("5.10", audio_s=0.5)
async def a_refused_commit_does_no_harm(probe: Probe) -> None:
    """After a refused commit the session goes on: more sound is taken, and can be committed.

    False when: that commit is refused, or the connection ends.
    Source: Observed {STTX}, behaviour 3.1.
    """
    wire = await probe.session(BY_HAND)
    await _refused_commit(probe, wire)
    await append(wire, speech.tone(0.5))
    await _committed(probe, wire)


@_section.check("5.11", audio_s=0.2, proves=("input_audio_buffer.commit", "input_audio_buffer.committed"))
async def a_fifth_of_a_second_can_be_committed(probe: Probe) -> None:
    """A commit of 200 ms is accepted, whatever is to be heard in them.

    False when: it is refused.
    Source: Observed {STTX}, behaviour 3.1: 100 ms are enough.
    """
    wire = await probe.session(BY_HAND)
    await append(wire, speech.tone(0.2))
    await _committed(probe, wire)


@_section.check("5.12", audio_s=0.3)
async def what_is_committed_is_gone(probe: Probe) -> None:
    """Sound is committed once: a second commit finds nothing.

    False when: it is accepted.
    Source: Observed {STTX}, behaviour 3.1: what counts is the audio since the last commit.
    """
    wire = await probe.session(BY_HAND)
    await append(wire, speech.tone(0.3))
    await _committed(probe, wire)
    await _refused_commit(probe, wire)


@_section.check("5.13", proves=("input_audio_buffer.clear", "input_audio_buffer.cleared"))
async def a_clear_is_answered(probe: Probe) -> None:
    """``input_audio_buffer.clear`` is answered with ``input_audio_buffer.cleared``, also of an empty buffer.

    False when: something else is answered, or nothing.
    Source: Observed {NETT}, behaviour 3.1.
    """
    wire = await probe.session(BY_HAND)
    await wire.send(_CLEAR)
    answer = await wire.receive(wanted=_CLEARED)
    probe.expect(answer["type"] == _CLEARED, _CLEARED, answer["type"])


@_section.check("5.14", audio_s=0.5)
async def what_is_cleared_is_gone(probe: Probe) -> None:
    """After a clear there is nothing to commit.

    False when: a commit is accepted.
    Source: Documented {DOC}, schema B 4; Observed {NETT}, behaviour 3.1.
    """
    wire = await probe.session(BY_HAND)
    await append(wire, speech.tone(0.5))
    await wire.send(_CLEAR)
    await wire.next(_CLEARED)
    await _refused_commit(probe, wire)


@_section.check("5.15", audio_s=20.0)
async def a_flood_of_appends_is_taken(probe: Probe) -> None:
    """300 appends as fast as they can be sent, 20 seconds of sound together, are taken without a word, and cleared.

    False when: anything but ``input_audio_buffer.cleared`` comes.
    Source: Observed {NETT}, behaviour 3.1.
    """
    wire = await probe.session(BY_HAND)
    await append(wire, speech.silence(20), block_s=20 / 300)
    await wire.send(_CLEAR)
    came = types(await wire.until(_CLEARED))
    probe.expect(came == [_CLEARED], _CLEARED, came)


@_section.check("5.16", audio_s=0.5)
async def sound_may_come_in_pieces_of_any_size(probe: Probe) -> None:
    """An append may be as short as one sample, and pieces need not be of one length.

    False when: one is refused, or together they are not what can be committed.
    Source: Documented {DOC}, schema B 2: no least size is named; Observed {SEED} of 20 to 100 ms.
    """
    wire = await probe.session(BY_HAND)
    audio = speech.tone(0.5)
    begin = 0
    for size in (2, 6, 1346, 2, 960, 4094, 4090, 13500):
        await append(wire, audio[begin : begin + size], block_s=1)
        begin += size
    came = types(await wire.for_a_while())
    probe.expect(not came, "silence", came)
    await _committed(probe, wire)


@_section.check("5.17", audio_s=0.5)
async def what_the_bytes_mean_is_not_looked_at(probe: Probe) -> None:
    """Bytes that are no PCM at all are taken for PCM; a client in the wrong codec is not told.

    False when: an event comes.
    Source: Observed {SDKT}, behaviour 3.1: a compressed file was taken.
    """
    wire = await probe.session(BY_HAND)
    await append(wire, random.Random(17).randbytes(24000))
    came = types(await wire.for_a_while())
    probe.expect(not came, "silence", came)


@_section.check("5.18", audio_s=4.0)
async def silence_makes_no_turn(probe: Probe) -> None:
    """Where turns are detected, four seconds of silence are none.

    False when: an event comes.
    Source: Documented {DOC}, schema G; Observed {SDKT}, behaviour 3.2.
    """
    wire = await probe.session(detecting())
    await append(wire, speech.silence(4))
    came = types(await wire.for_a_while())
    probe.expect(not came, "silence", came)


@_section.check("5.19", audio_s=3.1)
async def what_was_cleared_is_not_heard_again(probe: Probe) -> None:
    """Sound that came before a clear is in no turn: one that is committed by hand holds only what came after it.

    False when: a commit of less than 100 ms after a clear is accepted although seconds came before it.
    Source: Documented {DOC}, schema B 4; Observed {STTX, NETT}, behaviour 3.1.
    """
    wire = await probe.session(BY_HAND)
    await say(wire)
    await wire.send(_CLEAR)
    await wire.next(_CLEARED)
    await append(wire, speech.tone(0.06))
    await _refused_commit(probe, wire)
