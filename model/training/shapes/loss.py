"""What the detector is trained to: which cell is to find which shape, and how far it is from it."""

import numpy
import torch
from torch.nn import functional

import shapes.config as config


def centres(size=config.DETECT_SIZE):
    """For each cell: corner x and y and stride, in pixels; float32 [cells, 3], row by row, grid by grid."""
    rows = []
    for stride in config.STRIDES:
        n = size // stride
        y, x = numpy.mgrid[:n, :n]
        rows.append(numpy.stack([x.ravel() * stride, y.ravel() * stride, numpy.full(n * n, stride)], axis=1))
    return numpy.concatenate(rows).astype(numpy.float32)


CENTRES = centres()
_MIDDLES = CENTRES[:, :2] + CENTRES[:, 2:] / 2
_LOW = numpy.repeat([low for low, _ in config.SIDES], [(config.DETECT_SIZE // s) ** 2 for s in config.STRIDES])
_HIGH = numpy.repeat([high for _, high in config.SIDES], [(config.DETECT_SIZE // s) ** 2 for s in config.STRIDES])


def assign(placed):
    """Which of the shapes each cell is to find, -1 for none: int64 [cells].

    Cells of the right size whose middle is within one stride of the box's (centre
    sampling, Tian et al. 2019). Shapes do not overlap; the nearer one wins.
    """
    owner = numpy.full(len(CENTRES), -1, numpy.int64)
    nearest = numpy.full(len(CENTRES), numpy.inf)
    for i, shape in enumerate(placed):
        x1, y1, x2, y2 = shape.box()
        side = max(x2 - x1, y2 - y1)
        away = numpy.abs(_MIDDLES - ((x1 + x2) / 2, (y1 + y2) / 2)).max(axis=1) / CENTRES[:, 2]
        mine = (away < 1) & (_LOW <= side) & (side < _HIGH) & (away < nearest)
        owner[mine], nearest[mine] = i, away[mine]
    return owner


def targets(pictures):
    """For a list of lists of shapes: the cells that find one (picture, cell), its box and its kind."""
    where, boxes, kinds = [], [], []
    for n, placed in enumerate(pictures):
        owner = assign(placed)
        for cell in numpy.flatnonzero(owner >= 0):
            shape = placed[owner[cell]]
            where.append((n, cell))
            boxes.append(shape.box())
            kinds.append(config.KINDS.index(shape.kind))
    return (torch.tensor(where, dtype=torch.int64).reshape(-1, 2), torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
            torch.tensor(kinds, dtype=torch.int64))


def decode(cells, centres_of):
    """Boxes [M, 4] in pixels of cells [M, 4+] and their corner and stride [M, 3]."""
    stride = centres_of[:, 2:]
    middle = cells[:, :2] * stride + centres_of[:, :2]
    half = cells[:, 2:4].clamp(-6, 6).exp() * stride / 2
    return torch.cat([middle - half, middle + half], dim=1)


def giou(a, b):
    """Intersection over union of boxes [M, 4], and the generalised one (Rezatofighi et al. 2019)."""
    low, high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    inner = (high - low).clamp(min=0).prod(dim=1)
    union = (a[:, 2:] - a[:, :2]).prod(dim=1) + (b[:, 2:] - b[:, :2]).prod(dim=1) - inner
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=1)
    iou = inner / union.clamp(min=1e-6)
    return iou, iou - (hull - union) / hull.clamp(min=1e-6)


def detection(cells, pictures):
    """The loss of a batch: YOLOX's five parts boxes to one of objectness, and two of kinds, which are what is hard here."""
    where, boxes, kinds = targets(pictures)
    count = max(1, len(where))
    there = torch.zeros(cells.shape[:2])
    there[where[:, 0], where[:, 1]] = 1
    thing = functional.binary_cross_entropy_with_logits(cells[:, :, 4], there, reduction="sum")
    mine = cells[where[:, 0], where[:, 1]]
    _, generalised = giou(decode(mine, torch.from_numpy(CENTRES)[where[:, 1]]), boxes)
    wanted = functional.one_hot(kinds, len(config.KINDS)).float()
    kind = functional.binary_cross_entropy_with_logits(mine[:, 5:], wanted, reduction="sum")
    return (5 * (1 - generalised).sum() + thing + 2 * kind) / count
