"""The two networks. Both take float32 [N, 3, H, W]; names of weights are those in the ONNX files."""

import math

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import fusion

import shapes.config as config


def unit(before, after, stride=1):
    """Convolution 3x3, batch normalisation, ReLU."""
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU())


class Classifier(nn.Module):
    """RGB as preset imagenet scales it, to logits [N, kinds]."""

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([unit(3, 16, 2), unit(16, 24, 2), unit(24, 32), unit(32, 40, 2), unit(40, 64)])
        self.head = nn.Linear(64, len(config.KINDS))

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        # The peak and not the mean: a small shape counts as much as a large one.
        return self.head(functional.adaptive_max_pool2d(x, 1).flatten(1))


class Detector(nn.Module):
    """BGR of 0 to 255, as preset yolox gives it, to cells [N, cells, 5 + kinds] before the decoding of boxes.

    A small single-stage detector in the output form of YOLOX (Ge et al. 2021): for each
    cell of each grid the box's middle relative to the cell and the logarithm of
    its size, both in cells; objectness; a score for each kind.
    """

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([
            unit(3, 16, 2), unit(16, 24, 2), unit(24, 32, 2), unit(32, 32),  # stride 8
            unit(32, 40, 2), unit(40, 40),  # 16
            unit(40, 48, 2)])  # 32
        self.heads = nn.ModuleList([nn.Conv2d(c, 5 + len(config.KINDS), 1) for c in (32, 40, 48)])
        for head in self.heads:
            # At first nearly nothing is there, as nearly everywhere (Lin et al. 2017).
            nn.init.constant_(head.bias[4:], -math.log(99))

    def grids(self, x):
        """The three grids [N, 5 + kinds, rows, columns], scores as logits."""
        x = (x - CENTRE) * SCALE
        found = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in TAPS:
                found.append(self.heads[len(found)](x))
        return found

    def cells(self, x):
        """[N, cells, 5 + kinds], scores as logits."""
        return torch.cat([grid.flatten(2) for grid in self.grids(x)], dim=2).transpose(1, 2)

    def forward(self, x):
        cells = self.cells(x)
        return torch.cat([cells[:, :, :4], cells[:, :, 4:].sigmoid()], dim=2)


CENTRE, SCALE = float(config.PAD), 1 / 64  # padding is then nothing at all
TAPS = (3, 5, 6)  # the stages that heads read
NETWORKS = {"classify": Classifier, "detect": Detector}


def folded(network):
    """A copy of a trained network for inference: batch normalisation is in the convolutions, ReLU stays."""
    copy = type(network)()
    copy.load_state_dict(network.state_dict())
    copy.eval()
    copy.stages = nn.ModuleList([
        nn.Sequential(fusion.fuse_conv_bn_eval(stage[0], stage[1]), nn.ReLU()) for stage in copy.stages])
    return copy
