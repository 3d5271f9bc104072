"""Measures the two ONNX files on pictures of a seed that neither training nor the samples use."""

import numpy
import torch

import shapes.batch as batch
import shapes.boxes as boxes
import shapes.config as config
import shapes.export as export
import shapes.graph as graphs

BATCH = 50
SCORE = 0.3  # the least that preset yolox shows


def classify(path, count):
    """Accuracy over count pictures, by kind as well."""
    model, right, total = graphs.load(path), numpy.zeros(len(config.KINDS)), numpy.zeros(len(config.KINDS))
    for number in range(count // BATCH):
        x, wanted = batch.classify("measure", number, BATCH)
        guess = graphs.run(model, x)["logits"].argmax(dim=1)
        numpy.add.at(total, wanted.numpy(), 1)
        numpy.add.at(right, wanted.numpy(), (guess == wanted).numpy())
    return {"pictures": int(total.sum()), "accuracy": float(right.sum() / total.sum()),
            "by_kind": {kind: float(r / t) for kind, r, t in zip(config.KINDS, right, total)}}


def detect(path, count):
    """Mean average precision over count pictures at two overlaps, by kind as well; precision and recall from SCORE on."""
    model = graphs.load(path)
    found = {kind: [] for kind in config.KINDS}
    truth = {kind: {} for kind in config.KINDS}
    shapes = 0
    for number in range(count // BATCH):
        x, placed = batch.detect("measure", number, BATCH)
        output = graphs.run(model, x)["output"].numpy()
        for i in range(BATCH):
            picture = number * BATCH + i
            for kind, score, box in zip(*boxes.find(output[i])):
                found[config.KINDS[kind]].append((picture, score, box))
            for shape in placed[i]:
                truth[shape.kind].setdefault(picture, []).append(shape.box())
            shapes += len(placed[i])
    by_kind = {kind: boxes.average_precision(found[kind], truth[kind]) for kind in config.KINDS}
    strict = [boxes.average_precision(found[kind], truth[kind], 0.75) for kind in config.KINDS]
    shown = {kind: [f for f in found[kind] if f[1] >= SCORE] for kind in config.KINDS}
    right = sum(sum(boxes.hits(shown[kind], truth[kind])) for kind in config.KINDS)
    return {"pictures": count // BATCH * BATCH, "shapes": shapes, "recall": right / shapes,
            "precision": right / max(1, sum(map(len, shown.values()))), "map50": float(numpy.mean(list(by_kind.values()))),
            "map75": float(numpy.mean(strict)), "ap50_by_kind": by_kind}


def main(folder):
    torch.set_num_threads(1)
    c = classify(folder / (export.NAMES["classify"] + ".onnx"), config.MEASURE["classify"])
    print(f"shapes-classify: accuracy {c['accuracy']:.4f} of {c['pictures']} pictures")
    print("  " + ", ".join(f"{kind} {value:.4f}" for kind, value in c["by_kind"].items()))
    d = detect(folder / (export.NAMES["detect"] + ".onnx"), config.MEASURE["detect"])
    print(f"shapes-detect: mAP@0.5 {d['map50']:.4f}, mAP@0.75 {d['map75']:.4f}, {d['shapes']} shapes in {d['pictures']} pictures")
    print(f"  from score {SCORE} on: precision {d['precision']:.4f}, recall {d['recall']:.4f}")
    print("  AP@0.5: " + ", ".join(f"{kind} {value:.4f}" for kind, value in d["ap50_by_kind"].items()))
