"""Grows a checkpoint into the network of config: blocks more at the end, which change nothing at first.

A new convolution begins as the identity (its middle tap is the unit matrix), and
what comes before it is not negative, so that ReLU leaves it as it is (Chen et al.,
"Net2Net", 2016). The optimizer begins anew.

    python3 grow.py OLD.pt NEW.pt
"""

import dataclasses
import sys

import torch

import config
import network as networks


def grown(weights, number, channels, kernel):
    """The state dict with an identity convolution of that number."""
    weights = dict(weights)
    kernel_weight = torch.zeros(channels, channels, kernel)
    kernel_weight[range(channels), range(channels), kernel // 2] = 1.0
    weights[f"convs.{number}.weight"], weights[f"convs.{number}.bias"] = kernel_weight, torch.zeros(channels)
    return weights


def main(old, new):
    state = torch.load(old, map_location="cpu")
    have = sum(1 for name in state["network"] if name.startswith("convs.") and name.endswith(".weight"))
    for number in range(have, len(config.NETWORK.blocks)):
        block, before = config.NETWORK.blocks[number], config.NETWORK.blocks[number - 1]
        if block.channels != before.channels or before.pool != 1:
            raise SystemExit(f"growing {old}: block {number + 1} cannot begin as the identity: it must have the channels of block {number}, which must not pool")
        for name in ("network", "average"):
            state[name] = grown(state[name], number, block.channels, block.kernel)
    networks.Network(config.NETWORK).load_state_dict(state["average"])
    state["optimizer"], state["config"] = None, dataclasses.asdict(config.NETWORK)
    state["grown"] = {"at": state["epoch"] + 1, "from": have}
    torch.save(state, new)


if __name__ == "__main__":
    main(*sys.argv[1:])
