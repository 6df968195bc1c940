"""Sound as AAC-LC, mono: samples in, the frames of an MP4 track out.

As plain as the standard (ISO/IEC 14496-3) allows: long windows, one scale factor, one codebook. A decoder cannot tell;
what is spent on it is bits. numpy is imported when the first samples come.
"""

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FRAME_SAMPLES", "AacEncoder", "decoder_config", "mdct"]

FRAME_SAMPLES: Final = 1024
_RATES_HZ: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_BANDS: Final = {48000: 49, 44100: 49, 24000: 47, 22050: 47, 16000: 43, 8000: 40}
"""How many scale factor bands a long window has (table 4.129 and those after it)."""
_GLOBAL_GAIN: Final = 140
"""One step is two to the tenth: the noise of it lies about 70 dB below full scale."""
_STEP: Final = 2.0 ** ((_GLOBAL_GAIN - 100) / 4)
_ESCAPE: Final = 16
_LARGEST: Final = 8191
_CODEBOOK: Final = 11

_CODES_OF_LENGTH: Final = {4: 2, 5: 6, 6: 7, 7: 16, 8: 59, 9: 55, 10: 95, 11: 43, 12: 6}
_SHORTEST_FIRST: Final = """
0 18 288 17 1 35 19 36 20 52 53 34 37 2 54 69 21 70 38 71 55 51 3 86 87 39 72 22 88 56 89 73 104 40 103 105 57 23 84
67 277 275 276 106 278 68 74 4 50 90 101 279 274 280 41 121 58 107 91 118 282 122 120 281 135 33 24 75 283 123 284
152 273 108 169 42 92 186 285 139 138 59 85 286 203 124 76 109 125 5 140 287 220 25 137 254 93 237 60 141 126 43 142
155 156 271 77 110 102 157 94 143 127 26 173 6 172 154 158 78 44 159 61 111 174 144 175 160 190 27 119 176 128 62 95
171 79 189 223 112 224 45 272 96 192 191 161 129 145 16 81 7 64 193 222 225 207 47 226 146 113 178 177 240 208 28 80
188 63 30 206 130 65 97 98 242 82 194 241 209 227 210 136 195 46 162 243 115 180 257 147 163 244 179 99 196 239 48
114 29 229 8 228 131 211 132 258 205 116 49 260 259 31 164 83 245 149 230 148 100 66 181 197 212 261 262 150 256 133
153 9 166 165 213 246 183 247 214 117 134 167 263 198 201 32 182 184 232 231 200 199 151 249 233 217 264 248 170 215
168 10 216 187 218 185 234 13 250 265 266 202 251 221 11 235 267 268 219 238 252 236 204 253 14 12 269 255 15 270
"""
"""Spectral codebook 11 (table 4.A.12): the pairs, as 17 times the first plus the second, in the order of their codes.
The codes themselves follow from that and from how many there are of each length."""


class AacEncoder:
    """One stream of sound. What a frame holds is heard a frame later: that is how the transform works."""

    def __init__(self, rate_hz: int) -> None:
        """``rate_hz``: one of the rates that a session answers in."""
        self._bands = _BANDS[rate_hz]
        self._before: NDArray[np.float64] | None = None

    def frame(self, samples: "NDArray[np.int16]") -> bytes:
        """The next ``FRAME_SAMPLES`` samples, shape (1024,), as one access unit."""
        import numpy as np

        if not samples.any() and (self._before is None or not self._before.any()):
            return _access_unit_of_silence()  # an idle film is made of nothing else, for minutes
        now = samples.astype(np.float64)
        before = np.zeros(FRAME_SAMPLES) if self._before is None else self._before
        self._before = now
        spectrum = mdct(np.concatenate((before, now)))
        sizes = np.minimum((np.abs(spectrum) / _STEP) ** 0.75 + 0.4054, _LARGEST).astype(np.int64)
        return _access_unit(np.where(spectrum < 0, -sizes, sizes).tolist() if sizes.any() else [], self._bands)


def decoder_config(rate_hz: int) -> bytes:
    """The AudioSpecificConfig that a decoder begins with: AAC-LC, this rate, one channel."""
    return (2 << 11 | _RATES_HZ.index(rate_hz) << 7 | 1 << 3).to_bytes(2, "big")


def mdct(samples: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """1024 coefficients of 2048 samples under a sine window, by a transform of half the length."""
    import numpy as np

    window, twiddle = _tables()
    a, b, c, d = np.split(samples * window, 4)
    folded = np.concatenate((-c[::-1] - d, a - b[::-1]))
    half = folded[::2] + 1j * folded[::-1][::2]
    turned = np.fft.fft(half * twiddle) * twiddle
    spectrum = np.empty(FRAME_SAMPLES)
    spectrum[::2] = turned.real
    spectrum[::-1][::2] = -turned.imag
    return 2 * spectrum


@cache
def _tables() -> "tuple[NDArray[np.float64], NDArray[np.complex128]]":
    import numpy as np

    window = np.sin(np.pi / (2 * FRAME_SAMPLES) * (np.arange(2 * FRAME_SAMPLES) + 0.5))
    twiddle = np.exp(-2j * np.pi / (2 * FRAME_SAMPLES) * (np.arange(FRAME_SAMPLES // 2) + 0.125))
    return window, twiddle


def _access_unit(spectrum: list[int], bands: int) -> bytes:
    """A raw_data_block with one channel. ``spectrum``: 1024 whole numbers, or none at all for silence."""
    bits = ["000", "0000", f"{_GLOBAL_GAIN:08b}", "0", "00", "0"]  # SCE, its tag; gain; a long sine window
    if not spectrum:
        bits += [f"{0:06b}", "0"]
    else:
        bits += [f"{bands:06b}", "0", f"{_CODEBOOK:04b}", _section_length(bands)]
        bits += ["0"] * bands  # every scale factor is the first one
    bits += ["0", "0", "0"]  # no pulses, no noise shaping, no gain control
    codes = _codes()
    for first, second in zip(spectrum[::2], spectrum[1::2], strict=True):
        a, b = abs(first), abs(second)
        bits.append(codes[17 * min(a, _ESCAPE) + min(b, _ESCAPE)])
        bits += ["01"[value < 0] for value in (first, second) if value]
        bits += [_escaped(size) for size in (a, b) if size >= _ESCAPE]
    bits.append("111")
    text = "".join(bits)
    size = -(-len(text) // 8)
    return int(text.ljust(size * 8, "0"), 2).to_bytes(size, "big")


@cache
def _access_unit_of_silence() -> bytes:
    return _access_unit([], 0)


def _section_length(bands: int) -> str:
    """One section that holds all bands, in portions of 31."""
    portions, rest = divmod(bands, 31)
    return "11111" * portions + f"{rest:05b}"


def _escaped(size: int) -> str:
    """What stands behind the code of a number that is too large for the codebook."""
    length = size.bit_length() - 1
    return "1" * (length - 4) + "0" + f"{size - (1 << length):0{length}b}"


@cache
def _codes() -> list[str]:
    """The code of each pair, as text of zeros and ones."""
    codes = [""] * (17 * 17)
    order = iter(map(int, _SHORTEST_FIRST.split()))
    code = 0
    for shorter, length in pairwise((0, *_CODES_OF_LENGTH)):
        code <<= length - shorter
        for _ in range(_CODES_OF_LENGTH[length]):
            codes[next(order)] = f"{code:0{length}b}"
            code += 1
    return codes
