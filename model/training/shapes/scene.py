"""Pictures of shapes on varied backgrounds, each from a random generator alone."""

import math

import numpy

import shapes.config as config
from shapes.outline import Shape, coverage

PARTS = {"ring": (0.5, 0.72), "star": (0.38, 0.48), "cross": (0.2, 0.34)}


def generator(stream, number):
    """The random generator of one picture or batch of a stream of config.SEEDS."""
    return numpy.random.default_rng((config.SEEDS[stream], number))


def shape(rng, kind, x, y, radius):
    low, high = PARTS.get(kind, (0.5, 0.5))
    return Shape(kind, float(x), float(y), float(radius), float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(low, high)))


def place(rng, width, height, count, low, high, kinds=()):
    """Up to count shapes of radii low to high that lie inside the picture and do not overlap.

    Their kinds are random, or those of kinds in its order.
    """
    placed = []
    for i in range(count):
        for _ in range(20):
            radius = math.exp(rng.uniform(math.log(low), math.log(min(high, 0.48 * min(width, height)))))
            x, y = rng.uniform(radius, width - radius), rng.uniform(radius, height - radius)
            if all(math.hypot(x - s.x, y - s.y) > 1.05 * (radius + s.radius) for s in placed):
                kind = kinds[i] if kinds else config.KINDS[rng.integers(len(config.KINDS))]
                placed.append(shape(rng, kind, x, y, radius))
                break
    return placed


def background(rng, width, height):
    """float32 [height, width, 3] of 0 to 255: plain, gradient, clouds, stripes or checks."""
    base = rng.uniform(0, 255, 3).astype(numpy.float32)
    other = base + rng.uniform(-70, 70, 3).astype(numpy.float32)
    y = numpy.arange(height, dtype=numpy.float32)[:, None] / height
    x = numpy.arange(width, dtype=numpy.float32)[None, :] / height
    kind = rng.integers(5)
    if kind == 0:
        mix = numpy.zeros((height, width), numpy.float32)
    elif kind == 1:
        angle = rng.uniform(0, 2 * math.pi)
        mix = x * math.cos(angle) + y * math.sin(angle)
    elif kind == 2:
        cells = int(rng.integers(3, 9))
        mix = _between(height, cells) @ rng.uniform(-0.7, 1.7, (cells, cells)).astype(numpy.float32) @ _between(width, cells).T
    else:
        angle, waves, phase = rng.uniform(0, math.pi), rng.uniform(2, 14), rng.uniform(0, 2 * math.pi)
        along = numpy.sin(2 * math.pi * waves * (x * math.cos(angle) + y * math.sin(angle)) + phase)
        if kind == 4:
            along = along * numpy.sin(2 * math.pi * waves * (y * math.cos(angle) - x * math.sin(angle)) + phase)
        mix = numpy.clip(0.5 + along * rng.uniform(0.5, 3), 0, 1) * rng.uniform(0.2, 0.7)
    return base + (other - base) * mix.astype(numpy.float32)[:, :, None]


def _between(size, cells):
    """Weights [size, cells] of linear interpolation between cells."""
    at = numpy.linspace(0, cells - 1, size, dtype=numpy.float32)
    return numpy.maximum(0, 1 - numpy.abs(at[:, None] - numpy.arange(cells, dtype=numpy.float32)))


def clutter(rng, picture):
    """Lines and specks that are no shape."""
    height, width = picture.shape[:2]
    y, x = numpy.mgrid[:height, :width].astype(numpy.float32)
    for _ in range(rng.integers(0, 4)):
        angle, offset = rng.uniform(0, math.pi), rng.uniform(0.1, 0.9)
        away = numpy.abs((x - offset * width) * math.cos(angle) + (y - offset * height) * math.sin(angle))
        _paint(picture, numpy.clip(rng.uniform(0.5, 1.5) - away, 0, 1), rng.uniform(0, 255, 3))
    for _ in range(rng.integers(0, 12)):
        row, column = rng.integers(height), rng.integers(width)
        picture[row:row + rng.integers(1, 3), column:column + rng.integers(1, 3)] = rng.uniform(0, 255, 3)


def _paint(picture, amount, colour):
    picture += amount[:, :, None] * (numpy.asarray(colour, numpy.float32) - picture)


def draw(rng, width, height, placed, noise=10.0, cluttered=True):
    """The picture of shapes: uint8 RGB [height, width, 3]."""
    picture = background(rng, width, height)
    if cluttered:
        clutter(rng, picture)
    soft = rng.uniform(1, 1.8)
    for s in placed:
        amount, left, top = coverage(s, width, height, soft)
        under = picture[top:top + amount.shape[0], left:left + amount.shape[1]]
        _paint(under, amount * rng.uniform(0.85, 1), colour(rng, numpy.clip(under, 0, 255).mean(axis=(0, 1))))
    picture += rng.standard_normal(picture.shape, numpy.float32) * numpy.float32(rng.uniform(0, noise))
    return numpy.clip(picture + 0.5, 0, 255).astype(numpy.uint8)


def colour(rng, ground):
    """A colour that stands out from the mean colour of the ground."""
    while True:
        c = rng.uniform(0, 255, 3)
        if numpy.abs(c - ground).max() >= 90 and numpy.abs(c - ground).mean() >= 45:
            return c


def one(rng, size=config.CLASSIFY_SIZE):
    """A picture for the classifier: uint8 [size, size, 3] and the number of its kind."""
    kind = int(rng.integers(len(config.KINDS)))
    radius = size * rng.uniform(0.17, 0.48)
    x, y = (rng.uniform(0.9 * radius, size - 0.9 * radius) for _ in range(2))
    return draw(rng, size, size, [shape(rng, config.KINDS[kind], x, y, radius)]), kind


def several(rng, size=config.DETECT_SIZE):
    """A picture for the detector, letterboxed as preset yolox does: uint8 [size, size, 3] and its Shapes."""
    width = height = size
    form = rng.integers(3)
    if form == 1:
        width = int(rng.integers(size // 2, size))
    elif form == 2:
        height = int(rng.integers(size // 2, size))
    placed = place(rng, width, height, int(rng.integers(0, 8)), 9, 56)
    boxed = numpy.full((size, size, 3), config.PAD, numpy.uint8)
    boxed[:height, :width] = draw(rng, width, height, placed)
    return boxed, placed
