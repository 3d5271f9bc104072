"""Trains one of the networks on pictures made on the fly, with one thread, and writes its ONNX file."""

import sys
import time

import torch
from torch.nn import functional

import shapes.batch as batch
import shapes.config as config
import shapes.export as export
import shapes.loss as loss
import shapes.network as networks

LOSSES = {"classify": lambda network, x, wanted: functional.cross_entropy(network(x), wanted, label_smoothing=0.02),
          "detect": lambda network, x, wanted: loss.detection(network.cells(x), wanted)}


def train(task, steps=None, report=sys.stderr):
    """A trained network in evaluation mode; the same seed gives the same one on the same machine."""
    torch.set_num_threads(1)
    torch.manual_seed(config.SEEDS["train"])
    choice = config.TRAIN[task]
    steps = steps or choice["steps"]
    network = networks.NETWORKS[task]()
    network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=choice["rate"], weight_decay=config.WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, choice["rate"], total_steps=steps, pct_start=0.15)
    began, mean = time.process_time(), None
    for step in range(steps):
        x, wanted = batch.BATCHES[task]("train", step, choice["batch"])
        value = LOSSES[task](network, x, wanted)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10)
        optimizer.step()
        schedule.step()
        mean = value.item() if mean is None else 0.95 * mean + 0.05 * value.item()
        if report and (step % 50 == 49 or step == steps - 1):
            print(f"{task} step {step + 1}/{steps} loss {mean:.3f} cpu {time.process_time() - began:.0f} s", file=report, flush=True)
    network.eval()
    return network


def main(task, folder):
    network = train(task)
    path = export.write(network, task, folder)
    print(f"{path}: {path.stat().st_size} bytes")
