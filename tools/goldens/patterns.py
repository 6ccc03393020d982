"""Eight deterministic RGB images that Java draws too (PatternImages in pipeline-testkit).

Everything is 32-bit integer arithmetic on non-negative numbers, so both languages give the same
bytes at any size from 2 to 2000 pixels.
"""

import zlib

import numpy as np

COUNT = 8
_MASK = np.int64(0xFFFFFFFF)


def _hash(n):
    """Mixes the bits of numbers below 2**32 (multiply and xor-shift), modulo 2**32."""
    h = (n * 0x9E3779B1 + 0x7F4A7C15) & _MASK
    h ^= h >> 15
    h = (h * 0x2C1B3C6D) & _MASK
    h ^= h >> 12
    h = (h * 0x297A2D39) & _MASK
    return h ^ (h >> 15)


def image(k, size):
    """Pattern k (0..7) as uint8 [size, size, 3]."""
    y, x, c = np.meshgrid(
        np.arange(size, dtype=np.int64),
        np.arange(size, dtype=np.int64),
        np.arange(3, dtype=np.int64),
        indexing="ij",
    )
    last = size - 1
    noise = _hash(((k * 3 + c) * size + y) * size + x) & 255
    grey_noise = _hash((k * size + y) * size + x) & 255
    # Twice the distance from the centre, so that it is whole for odd and even sizes.
    dx = np.abs(2 * x - last)
    dy = np.abs(2 * y - last)
    if k == 0:  # black
        value = np.zeros_like(x)
    elif k == 1:  # white
        value = np.full_like(x, 255)
    elif k == 2:  # gradients: red across, green down, blue along the diagonal
        value = np.choose(c, [x * 255 // last, y * 255 // last, (x + y) * 255 // (2 * last)])
    elif k == 3:  # coloured noise
        value = noise
    elif k == 4:  # a grey disc that fades outwards
        value = np.maximum(0, 255 - (dx * dx + dy * dy) * 255 // (size * size))
    elif k == 5:  # two dark ovals on a bright oval, grey, grainy: the light and dark of a chest
        body = np.maximum(0, 200 - (dx * dx + dy * dy) * 90 // (size * size))
        off = np.abs(dx - size * 4 // 10)
        lung = off * off * 9 + dy * dy * 2 < size * size
        value = np.where(lung, body * 2 // 5, body) + grey_noise // 10
    elif k == 6:  # a board of coloured squares
        cell = np.maximum(1, size // 14)
        value = _hash(((y // cell) * 1000 + x // cell) * 3 + c) & 255
    elif k == 7:  # triangle waves of another period in each channel, with a little noise
        period = 8 + 12 * c
        phase = (x * (c + 1) + y * (3 - c)) % period
        value = np.minimum(phase, period - phase) * 440 // period + noise // 8
    else:
        raise ValueError(f"there is no pattern {k}")
    assert value.min() >= 0 and value.max() <= 255, k
    return value.astype(np.uint8)


def batch(size=224):
    """All patterns as float32 [8, size, size, 3], values 0..255."""
    return np.stack([image(k, size) for k in range(COUNT)]).astype(np.float32)


def crc32(k, size):
    """The CRC-32 of a pattern's bytes."""
    return zlib.crc32(image(k, size).tobytes())
