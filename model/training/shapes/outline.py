"""Shapes as signed distances, so that their edges come out smooth at any size."""

import dataclasses
import math

import numpy


@dataclasses.dataclass(frozen=True)
class Shape:
    """A shape in a picture: x, y and radius (of the circle around it) in pixels, angle in radians."""

    kind: str
    x: float
    y: float
    radius: float
    angle: float = 0.0
    part: float = 0.5  # ring: inner by outer radius; star: inner by outer; cross: arm's half width by radius

    def box(self):
        """x1, y1, x2, y2 of what is drawn, in pixels."""
        corners = vertices(self)
        if corners is None:
            return (self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius)
        (x1, y1), (x2, y2) = corners.min(axis=0), corners.max(axis=0)
        return (float(x1), float(y1), float(x2), float(y2))


def vertices(shape):
    """Corners [V, 2] of a shape in pixels, None for the round ones."""
    if shape.kind in ("circle", "ring"):
        return None
    if shape.kind == "cross":
        arm = shape.part
        end = math.sqrt(1 - arm * arm)
        corner = [(end, -arm), (end, arm), (arm, arm)]
        points = [rotate(p, quarter * math.pi / 2) for quarter in range(4) for p in corner]
    else:
        count = {"square": 4, "triangle": 3, "star": 10}[shape.kind]
        points = []
        for i in range(count):
            reach = shape.part if shape.kind == "star" and i % 2 else 1.0
            angle = 2 * math.pi * i / count
            points.append((reach * math.cos(angle), reach * math.sin(angle)))
    points = numpy.array([rotate(p, shape.angle) for p in points])
    return points * shape.radius + (shape.x, shape.y)


def rotate(point, angle):
    x, y = point
    return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)


def distance(shape, x, y):
    """Signed distance in pixels from points x, y [H, W] to a shape's edge, negative inside."""
    corners = vertices(shape)
    if corners is not None:
        return _polygon(corners, x, y)
    away = numpy.hypot(x - shape.x, y - shape.y)
    if shape.kind == "circle":
        return away - shape.radius
    half = shape.radius * (1 - shape.part) / 2
    return numpy.abs(away - (shape.radius - half)) - half


def _polygon(corners, x, y):
    """Distance to the nearest edge; inside is where a ray crosses an odd number of them."""
    ax, ay = (corners[:, i, None, None] for i in (0, 1))
    bx, by = (numpy.roll(corners, -1, axis=0)[:, i, None, None] for i in (0, 1))
    ex, ey = bx - ax, by - ay
    px, py = x[None] - ax, y[None] - ay
    along = numpy.clip((px * ex + py * ey) / (ex * ex + ey * ey), 0, 1)
    near = numpy.sqrt(((px - along * ex) ** 2 + (py - along * ey) ** 2).min(axis=0))
    # An edge that lies level crosses no ray: its slope is never asked for.
    crosses = ((ay > y) != (by > y)) & (px < ex * py / numpy.where(ey == 0, 1, ey))
    return numpy.where(crosses.sum(axis=0) % 2 == 1, -near, near)


def coverage(shape, width, height, soft=1.0):
    """How much of each pixel a shape covers: float32 [h, w] of 0 to 1, with its corner (left, top).

    Only the part of the picture around the shape is returned; soft is the width of
    its edge in pixels.
    """
    reach = shape.radius + soft + 1
    left, top = max(0, math.floor(shape.x - reach)), max(0, math.floor(shape.y - reach))
    right, bottom = min(width, math.ceil(shape.x + reach)), min(height, math.ceil(shape.y + reach))
    y, x = numpy.mgrid[top:max(top, bottom), left:max(left, right)] + 0.5  # middles of the pixels
    inside = numpy.clip(0.5 - distance(shape, x, y) / soft, 0, 1).astype(numpy.float32)
    return inside, left, top
