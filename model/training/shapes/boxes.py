"""From a detector's cells to boxes, and how good boxes are."""

import numpy

from shapes.loss import CENTRES


def iou(a, b):
    """Intersection over union of boxes [M, 4] and [K, 4]: [M, K]."""
    low = numpy.maximum(a[:, None, :2], b[None, :, :2])
    high = numpy.minimum(a[:, None, 2:], b[None, :, 2:])
    inner = numpy.clip(high - low, 0, None).prod(axis=2)
    areas = [(x[:, 2:] - x[:, :2]).prod(axis=1) for x in (a, b)]
    return inner / (areas[0][:, None] + areas[1][None, :] - inner)


def find(cells, min_score=0.01, overlap=0.45):
    """Boxes of one picture from cells [cells, 5 + kinds]: kinds [M], scores [M], boxes [M, 4], best first.

    Decoded as YOLOX's demo does it: score is objectness by class, greedy
    non-maximum suppression within a class.
    """
    cells = numpy.asarray(cells, numpy.float64)
    kinds = cells[:, 5:].argmax(axis=1)
    scores = cells[:, 4] * cells[:, 5:].max(axis=1)
    stride = CENTRES[:, 2:]
    middle, half = cells[:, :2] * stride + CENTRES[:, :2], numpy.exp(numpy.clip(cells[:, 2:4], -20, 20)) * stride / 2
    boxes = numpy.concatenate([middle - half, middle + half], axis=1)
    order = numpy.argsort(-scores, kind="stable")
    order = order[scores[order] >= min_score]
    kept = []
    for i in order:
        same = [j for j in kept if kinds[j] == kinds[i]]
        if not same or iou(boxes[i][None], boxes[same]).max() <= overlap:
            kept.append(i)
    return kinds[kept], scores[kept], boxes[kept]


def hits(found, truth, overlap=0.5):
    """Which boxes of one class are right, best first: a list of bool.

    found: list of (picture, score, box); truth: boxes [K, 4] by picture. A box
    is right when the true one that it overlaps most, by at least overlap, was
    taken by no better box.
    """
    taken, right = set(), []
    for picture, _, box in sorted(found, key=lambda f: -f[1]):
        boxes = truth.get(picture)
        hit = False
        if boxes is not None and len(boxes):
            overlaps = iou(numpy.asarray(box, float)[None], numpy.asarray(boxes, float))[0]
            best = int(overlaps.argmax())
            hit = bool(overlaps[best] >= overlap) and (picture, best) not in taken
            if hit:
                taken.add((picture, best))
        right.append(hit)
    return right


def average_precision(found, truth, overlap=0.5):
    """Area under precision by recall of one class, as PASCAL VOC has it since 2010.

    found, truth and overlap are those of hits. Without any truth there is no
    figure: NaN.
    """
    total = sum(len(boxes) for boxes in truth.values())
    if total == 0:
        return float("nan")
    right = numpy.cumsum(hits(found, truth, overlap))
    precision = right / numpy.arange(1, len(right) + 1)
    recall = right / total
    # Precision at a recall is the best at that recall or any higher one.
    envelope = numpy.maximum.accumulate(precision[::-1])[::-1]
    return float((numpy.diff(numpy.concatenate([[0], recall])) * envelope).sum())
