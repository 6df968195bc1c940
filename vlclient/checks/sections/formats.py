"""9: in which formats sound is taken, and in which it comes."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vlclient.checks import speech
from vlclient.checks.answers import ask, message
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.speech import PCM24
from vlclient.checks.turns import BY_HAND, TAIL_S, Turn, detecting, heard, item_of, request, say
from vlclient.checks.wire import Event
from vlmock.protocol.audio_format import AudioFormat, decode_samples, input_format, output_format

_section = Section(9, "Formats")

_QUESTION_S: Final = speech.WEATHER_S + TAIL_S
_AZURE_VOICES: Final = ("cascade", "hybrid")
_SAME_MS: Final = 100
_SENTENCE: Final = "The lighthouse keeper counts the boats in the harbour every day at noon, and writes them in a book."
_REQUEST: Final = f"Say this sentence and nothing else: {_SENTENCE}"
_SLOWEST, _FASTEST = 8.0, 24.0
"""Characters of a transcript that are spoken in a second. Observed {FON, PAI}: some 12 to 18."""
_LEAST_S: Final = 1.5
"""Less cannot be judged: what is silent before and after weighs too much."""
_LOUD: Final = 500
_LARGEST_FRAME: Final = 2**20
"""What WebSocket libraries take at most unless they are told otherwise."""
_LONGEST_DELTA_S: Final = 0.5


# ---- what the client sends


async def _heard_in(probe: Probe, name: str, rate_hz: int) -> Turn:
    """A question in this format: it is echoed, and found where it is."""
    wire, _ = await probe.created()
    settings: dict[str, Any] = {**detecting(), "input_audio_format": name}
    if name == "pcm16":
        settings["input_audio_sampling_rate"] = rate_hz
    session = await probe.updated(wire, {"voice": probe.server.voice, **settings})
    echoed = session.get("input_audio_format"), session.get("input_audio_sampling_rate")
    probe.expect(echoed == (name, rate_hz), f"{name} at {rate_hz} Hz", echoed)
    await say(wire, format=input_format(name, rate_hz))
    turn = await heard(probe, wire)
    await item_of(wire, turn.item_id)
    wanted = speech.WEATHER_S * 1000 + 500
    found = isinstance(turn.end_ms, int) and wanted - 150 <= turn.end_ms <= wanted + 400
    probe.expect(found, f"an end from {wanted - 150:.0f} to {wanted + 400:.0f} ms", turn.end_ms)
    return turn


@_section.check("9.01", audio_s=_QUESTION_S, proves=("session.input_audio_format",))
async def pcm16_is_heard_at_24_khz(probe: Probe) -> None:
    """``pcm16`` at 24000 Hz comes back in ``session.updated``, and a question in it is a turn of its length.

    False when: something else comes back, or the turn ends elsewhere.
    Source: Documented {DOC}, schema D1; Observed {SDKT}, behaviour 3.2.
    """
    await _heard_in(probe, "pcm16", 24000)


@_section.check("9.02", audio_s=_QUESTION_S, proves=("session.input_audio_sampling_rate",))
async def pcm16_is_heard_at_16_khz(probe: Probe) -> None:
    """``pcm16`` at 16000 Hz comes back in ``session.updated``, and a question in it is a turn of its length.

    False when: something else comes back, or the turn ends elsewhere.
    Source: Documented {DOC}, schema D1; Observed {SDKT}, behaviour 2.2 and 3.2.
    """
    await _heard_in(probe, "pcm16", 16000)


@_section.check("9.03", audio_s=_QUESTION_S)
async def pcm16_is_heard_at_8_khz(probe: Probe) -> None:
    """``pcm16`` at 8000 Hz comes back in ``session.updated``, and a question in it is a turn of its length.

    False when: something else comes back, or the turn ends elsewhere.
    Source: Observed {SDKT} against the documentation, behaviour 2.2.
    """
    await _heard_in(probe, "pcm16", 8000)


@_section.check("9.04", audio_s=_QUESTION_S)
async def pcm16_is_heard_at_44_khz(probe: Probe) -> None:
    """``pcm16`` at 44100 Hz comes back in ``session.updated``, and a question in it is a turn of its length.

    False when: something else comes back, or the turn ends elsewhere.
    Source: Observed {SDKT} against the documentation, behaviour 2.2.
    """
    await _heard_in(probe, "pcm16", 44100)


@_section.check("9.05", audio_s=_QUESTION_S)
async def u_law_is_heard(probe: Probe) -> None:
    """``g711_ulaw`` comes back with 8000 Hz, and a question in it is a turn of its length.

    False when: something else comes back, or the turn ends elsewhere.
    Source: Documented {DOC}, schema F; Observed {SDKT}, behaviour 2.2.
    """
    await _heard_in(probe, "g711_ulaw", 8000)


@_section.check("9.06", audio_s=_QUESTION_S)
async def a_law_is_heard(probe: Probe) -> None:
    """``g711_alaw`` comes back with 8000 Hz, and a question in it is a turn of its length.

    False when: something else comes back, or the turn ends elsewhere.
    Source: Documented {DOC}, schema F; Observed {SDKT}, behaviour 2.2.
    """
    await _heard_in(probe, "g711_alaw", 8000)


@_section.check("9.07", connections=3, audio_s=3 * _QUESTION_S)
async def a_turn_is_as_long_in_every_format(probe: Probe) -> None:
    """The same question ends at the same ``audio_end_ms`` at 24 kHz, at 8 kHz and in G.711.

    False when: two are more than 100 ms apart.
    Source: Observed {SDKT}, behaviour 3.2.
    """
    ends = [(await _heard_in(probe, *how)).end_ms for how in (("pcm16", 24000), ("pcm16", 8000), ("g711_ulaw", 8000))]
    probe.expect(max(ends) - min(ends) <= _SAME_MS, f"ends within {_SAME_MS} ms", ends)


@_section.check("9.08", connections=2, proves=("refusals.not_whole_samples",))
async def only_pcm_comes_in_pairs_of_bytes(probe: Probe) -> None:
    """An odd number of bytes is refused as PCM16, and taken as G.711.

    False when: it is taken as PCM16, or refused as G.711.
    Source: Observed {ODD}, behaviour 3.1; Documented {DOC} of G.711, a byte for each sample.
    """
    event = {"type": "input_audio_buffer.append", "audio": base64.b64encode(b"\x7f" * 161).decode()}
    wire = await probe.session({**BY_HAND, "input_audio_format": "g711_ulaw"})
    await wire.send(event)
    came = [event["type"] for event in await wire.for_a_while()]
    probe.expect(not came, "silence", came)
    wire = await probe.session(BY_HAND)
    await wire.send(event)
    await wire.next("error")


# ---- what the client gets


async def _spoken_in(probe: Probe, name: str | None) -> tuple[Sequence[Event], str]:
    """The deltas of a sentence in this output format (None: nobody named one), and its transcript."""
    wire, _ = await probe.created()
    settings: Mapping[str, Any] = {} if name is None else {"output_audio_format": name}
    session = await probe.updated(wire, {"voice": probe.server.voice, **BY_HAND, **settings})
    if name is not None:
        echoed = session.get("output_audio_format")
        probe.expect(echoed == name, name, echoed)
    await request(wire, _REQUEST)
    events = await wire.until("response.done")
    probe.went_well(events[-1]["response"])
    deltas = [event for event in events if event["type"] == "response.audio.delta"]
    written = "".join(event["delta"] for event in events if event["type"] == "response.audio_transcript.delta")
    status = events[-1]["response"].get("status")
    probe.require(bool(deltas), "response.audio.delta", f"none in a response that ended {status}")
    return deltas, written


def _sound(probe: Probe, deltas: Sequence[Event], format: AudioFormat) -> bytes:
    """All of it. It is base64, whole samples, and no silence."""
    pieces = []
    for event in deltas:
        try:
            pieces.append(base64.b64decode(event["delta"], validate=True))
        except binascii.Error as error:
            probe.require(False, "base64", str(error))
    sound = b"".join(pieces)
    size = format.bytes_per_sample
    probe.require(not len(sound) % size, "whole samples", f"{len(sound)} bytes")
    probe.loosely(not any(len(piece) % size for piece in pieces), "whole samples in each delta", "a broken one")
    loudest = int(abs(decode_samples(sound, format).astype(int)).max())
    probe.expect(loudest > _LOUD, f"a sample above {_LOUD}", loudest)
    return sound


async def _is_spoken_in(probe: Probe, name: str | None) -> None:
    """A sentence in this format lasts about as long as its words take."""
    format = output_format(name or "pcm16")
    deltas, written = await _spoken_in(probe, name)
    seconds = format.duration_ms(len(_sound(probe, deltas, format))) / 1000
    if len(written) < _FASTEST * _LEAST_S:
        probe.inconclusive(f"the answer is too short to judge its sound by: {written!r}")
    shortest, longest = len(written) / _FASTEST, len(written) / _SLOWEST
    plausible = shortest <= seconds <= longest
    probe.expect(plausible, f"{shortest:.1f} to {longest:.1f} s for {len(written)} characters", f"{seconds:.1f} s")


@_section.check("9.20", responses=1, proves=("response.audio.delta",))
async def sound_is_pcm16_at_24_khz_unless_asked(probe: Probe) -> None:
    """What a response says is base64 of 16-bit samples, 24000 a second, about as many as its words take.

    False when: it is no base64, no whole samples, silent, or as long as no voice would take.
    Source: Observed {FON, PAI}, behaviour 4.1 and 4.2; Documented {DOC}, schema F.
    """
    await _is_spoken_in(probe, None)


@_section.check("9.21", responses=1, pipelines=_AZURE_VOICES, proves=("session.output_audio_format",))
async def azure_voices_speak_at_16_khz(probe: Probe) -> None:
    """``pcm16_16000hz`` comes back in ``session.updated``, and the sound is of that rate.

    False when: something else comes back, or the sound is as long as no voice would take.
    Source: Documented {DOC}, schema F.
    """
    await _is_spoken_in(probe, "pcm16_16000hz")


@_section.check("9.22", responses=1, pipelines=_AZURE_VOICES)
async def azure_voices_speak_at_8_khz(probe: Probe) -> None:
    """``pcm16_8000hz`` comes back in ``session.updated``, and the sound is of that rate.

    False when: something else comes back, or the sound is as long as no voice would take.
    Source: Documented {DOC}, schema F.
    """
    await _is_spoken_in(probe, "pcm16_8000hz")


@_section.check("9.23", responses=1)
async def u_law_is_spoken(probe: Probe) -> None:
    """``g711_ulaw`` comes back in ``session.updated``, and the sound has 8000 bytes a second.

    False when: something else comes back, or the sound is as long as no voice would take.
    Source: Documented {DOC}, schema F.
    """
    await _is_spoken_in(probe, "g711_ulaw")


@_section.check("9.24", responses=1)
async def a_law_is_spoken(probe: Probe) -> None:
    """``g711_alaw`` comes back in ``session.updated``, and the sound has 8000 bytes a second.

    False when: something else comes back, or the sound is as long as no voice would take.
    Source: Documented {DOC}, schema F.
    """
    await _is_spoken_in(probe, "g711_alaw")


@_section.check("9.25", responses=1)
async def sound_comes_in_pieces_that_clients_take(probe: Probe) -> None:
    """Each ``response.audio.delta`` fits into a frame of 1 MiB, and none is empty.

    False when: one does not; loosely, when one is longer than half a second.
    Source: Observed {FON, NB04, PAI}, behaviour 4.2.
    """
    deltas, _ = await _spoken_in(probe, None)
    sizes = [len(event["delta"]) for event in deltas]
    probe.expect(max(sizes) < _LARGEST_FRAME, f"deltas under {_LARGEST_FRAME} characters", max(sizes))
    probe.expect(min(sizes) > 0, "no empty delta", min(sizes))
    longest_s = PCM24.duration_ms(max(sizes) * 3 // 4) / 1000
    probe.loosely(
        longest_s <= _LONGEST_DELTA_S + 0.001, f"deltas of {_LONGEST_DELTA_S} s at most", f"{longest_s:.2f} s"
    )


@_section.check("9.26", connections=2, responses=2, pipelines=_AZURE_VOICES, since="2026-01-01-preview")
async def a_sentence_is_as_long_in_every_format(probe: Probe) -> None:
    """The same words of the same voice last as long in G.711 as at 24 kHz.

    False when: they differ by more than a tenth.
    Source: Documented {DOC}, schema F; Observed {VIBE} of words that are given, behaviour 4.7.
    """
    words = message(_SENTENCE, role="assistant")
    seconds = []
    for name in ("pcm16", "g711_ulaw"):
        wire = await probe.session({**BY_HAND, "output_audio_format": name})
        answer = await ask(probe, wire, {"pre_generated_assistant_message": words}, optional=True)
        deltas = answer.of("response.audio.delta")
        probe.require(bool(deltas), "response.audio.delta", "none")
        format = output_format(name)
        seconds.append(format.duration_ms(len(_sound(probe, deltas, format))) / 1000)
        await wire.close()
    probe.expect(abs(seconds[0] - seconds[1]) <= max(seconds) / 10, "as long", [f"{value:.2f} s" for value in seconds])
