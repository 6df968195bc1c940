"""An avatar's picture and sound as one stream of fragmented MP4, a fifth of a second at a time.

Observed {AI4IA}: H.264 at 25 pictures in a second and AAC-LC mono in one stream; the first piece begins with what names
the tracks. Assumed: a piece is one fragment; the service's are not cut at fragments {AI4IA}. The sound has the rate of
the session's answers; the service has 16 kHz.
"""

from typing import TYPE_CHECKING, Final

from vlmock.protocol.audio_format import AudioFormat, decode_samples
from vlmock.session.avatar.aac import FRAME_SAMPLES, AacEncoder, decoder_config
from vlmock.session.avatar.mp4 import Run, Sample, beginning, fragment, picture_track, sound_track
from vlmock.session.avatar.picture import FRAMES_IN_A_ROW, HEIGHT, PARAMETER_SETS, WIDTH, frames

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["PIECE_SECONDS", "Film"]

_FRAMES_PER_SECOND: Final = 25
PIECE_SECONDS: Final = FRAMES_IN_A_ROW / _FRAMES_PER_SECOND
_TIMESCALE: Final = 12_800
_FRAME_TICKS: Final = _TIMESCALE // _FRAMES_PER_SECOND
_PICTURE, _SOUND = 1, 2


class Film:
    """One stream, from its beginning."""

    piece_s: Final = PIECE_SECONDS

    def __init__(self, rate_hz: int) -> None:
        """``rate_hz``: of its sound."""
        self.rate_hz = rate_hz
        self._encoder = AacEncoder(rate_hz)
        self._pieces = 0
        self._sound_frames = 0
        self._waiting: NDArray[np.int16] | None = None

    @property
    def samples_in_a_piece(self) -> int:
        return round(self.rate_hz * PIECE_SECONDS)

    def samples(self, speech: bytes, audio_format: AudioFormat) -> bytes:
        """Speech as ``piece`` takes it, from whatever format it is in."""
        import numpy as np

        samples = decode_samples(speech, audio_format)
        if audio_format.rate_hz != self.rate_hz:
            import soxr  # type: ignore[import-untyped]  # has none

            samples = np.asarray(soxr.resample(samples, audio_format.rate_hz, self.rate_hz), np.int16)
        return samples.tobytes()

    def piece(self, speech: bytes) -> bytes:
        """The next fifth of a second. ``speech``: at most so much of it, PCM16; silence fills it up, and where there
        is none the mouth is closed."""
        import numpy as np

        self._pieces += 1
        said = np.frombuffer(speech, np.int16)
        silence = np.zeros(self.samples_in_a_piece - len(said), np.int16)
        waiting = [] if self._waiting is None else [self._waiting]
        sound = np.concatenate((*waiting, said, silence))
        whole = len(sound) // FRAME_SAMPLES
        self._waiting = sound[whole * FRAME_SAMPLES :]
        heard = [Sample(self._encoder.frame(sound[n * FRAME_SAMPLES :][:FRAME_SAMPLES])) for n in range(whole)]
        seen = [Sample(data, key=n == 0) for n, data in enumerate(frames(mouth_open=bool(speech)))]
        piece = fragment(
            self._pieces,
            Run(_PICTURE, (self._pieces - 1) * FRAMES_IN_A_ROW * _FRAME_TICKS, _FRAME_TICKS, seen),
            Run(_SOUND, self._sound_frames * FRAME_SAMPLES, FRAME_SAMPLES, heard),
        )
        self._sound_frames += whole
        return self._beginning() + piece if self._pieces == 1 else piece

    def _beginning(self) -> bytes:
        picture = picture_track(
            _PICTURE, timescale=_TIMESCALE, width=WIDTH, height=HEIGHT, parameter_sets=PARAMETER_SETS
        )
        sound = sound_track(_SOUND, rate_hz=self.rate_hz, decoder_config=decoder_config(self.rate_hz))
        return beginning(picture, sound)
