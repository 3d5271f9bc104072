"""Pictures as the presets make them into tensors (classifier/vision does the same in Go)."""

import dataclasses
import math

import numpy
import torch

import shapes.config as config
import shapes.scene as scene


def imagenet(pictures):
    """uint8 RGB [N, H, W, 3] to float32 [N, 3, H, W] as preset imagenet scales it."""
    x = torch.from_numpy(numpy.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).float() / 255
    return (x - torch.tensor(config.MEAN).view(3, 1, 1)) / torch.tensor(config.STD).view(3, 1, 1)


def yolox(pictures):
    """uint8 RGB [N, H, W, 3] to float32 BGR [N, 3, H, W] of 0 to 255 as preset yolox has it."""
    return torch.from_numpy(numpy.ascontiguousarray(pictures[..., ::-1].transpose(0, 3, 1, 2))).float()


def classify(stream, number, count):
    """One batch of a stream: tensor [count, 3, H, W] and kinds int64 [count]."""
    rng = scene.generator(stream, number)
    made = [scene.one(rng) for _ in range(count)]
    return imagenet(numpy.stack([picture for picture, _ in made])), torch.tensor([kind for _, kind in made])


def detect(stream, number, count):
    """One batch of a stream: tensor [count, 3, H, W] and a list of lists of Shapes."""
    rng = scene.generator(stream, number)
    made = [scene.several(rng) for _ in range(count)]
    return yolox(numpy.stack([picture for picture, _ in made])), [placed for _, placed in made]


def mirrored(x, placed):
    """A batch of the detector with rows and columns exchanged and the channels turned: pictures at no cost of drawing.

    A letterboxed picture stays in its corner, and every shape is its own mirror image.
    """
    return x.transpose(2, 3)[:, [2, 0, 1]], [
        [dataclasses.replace(s, x=s.y, y=s.x, angle=math.pi / 2 - s.angle) for s in shapes] for shapes in placed]


def twice(stream, number, count):
    """detect of half as many pictures, each with its mirror image."""
    x, placed = detect(stream, number, count // 2)
    y, others = mirrored(x, placed)
    return torch.cat([x, y]), placed + others


BATCHES = {"classify": classify, "detect": twice}  # for training
