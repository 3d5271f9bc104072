#!/usr/bin/env python3
"""Writes torch.onnx and torch.json: a small random network as torch.onnx.export
writes it, and what PyTorch computes with it.

The graph differs from that of model/training in its nodes (masks, constants),
not in what it computes. Run it in this folder; it needs torch (1.13 or newer).
"""

import json
import warnings

import torch
from torch import nn
from torch.nn import functional

VOCABULARY, CLASSES = 64, 9
BLOCKS = [(5, 8, 4), (3, 16, 2), (3, 8, 1)]  # kernel, channels, pool


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 4)
        self.convs = nn.ModuleList()
        width = 4
        for kernel, channels, _ in BLOCKS:
            self.convs.append(nn.Conv1d(width, channels, kernel, padding=kernel // 2))
            width = channels
        self.dense, self.head = nn.Linear(width, 16), nn.Linear(16, CLASSES)

    def forward(self, tokens):
        mask = (tokens != 0).float().unsqueeze(1)
        x = self.embedding(tokens).transpose(1, 2) * mask
        for conv, (_, _, pool) in zip(self.convs, BLOCKS):
            x = functional.relu(conv(x)) * mask
            if pool > 1:
                x, mask = functional.max_pool1d(x, pool), functional.max_pool1d(mask, pool)
        features = functional.relu(self.dense(x.amax(2)))
        return self.head(features), features


def main():
    torch.manual_seed(1)
    network = Network().eval()
    cases = []
    for length in (8, 16, 48, 120, 512):
        tokens = torch.randint(1, VOCABULARY, (1, length))
        cases.append(tokens)
        padded = tokens.clone()
        padded[:, length - length // 3:] = 0
        cases.append(padded)
        holes = tokens.clone()
        holes[torch.rand(1, length) < 0.4] = 0
        cases.append(holes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, cases[0], "torch.onnx", opset_version=17, input_names=["tokens"],
                          output_names=["logits", "features"],
                          dynamic_axes={"tokens": {0: "N", 1: "L"}, "logits": {0: "N"}, "features": {0: "N"}})
    rows = []
    with torch.no_grad():
        for tokens in cases:
            logits, features = network(tokens)
            rows.append(json.dumps({"tokens": tokens[0].tolist(), "logits": logits[0].tolist(), "features": features[0].tolist()}))
    with open("torch.json", "w") as f:
        f.write("[\n" + ",\n".join(rows) + "\n]\n")


if __name__ == "__main__":
    main()
