"""Averages the weights of a run with those of the run that it started from.

What a run learns on new data it pays for elsewhere; on the straight line between the
two sets of weights lies a model that keeps most of both (WiSE-FT: Wortsman et al.,
"Robust fine-tuning of zero-shot models", CVPR 2022). The share is chosen on
validation requests: --look prints what each share finds and flags at the thresholds that
the rule of config gives it.

    python3 soup.py START.pt NEW.pt --look 0 0.3 0.5 0.7 0.85 1
    python3 soup.py START.pt NEW.pt --share 0.7        writes checkpoint.pt, for finish.py
"""

import argparse
import hashlib
import json
import pathlib

import torch

import config
import data
import evaluate
import network as networks
import sites


def mixed(old, new, share):
    """State dict of (1 - share) × old + share × new."""
    return {name: old[name] * (1 - share) + new[name] * share for name in old}


def look(weights, val, site):
    """Thresholds by the shipped rule, and what is flagged at them, in percent."""
    network = networks.Network(config.NETWORK)
    network.load_state_dict(weights)
    odds, classes = evaluate.request_scores(val, evaluate.window_scores(network.eval(), val, name="val"))
    flagged = odds >= evaluate.class_thresholds(val, odds, classes, site)[classes]

    def rate(test, label):
        return round(100 * float(flagged[evaluate.of_groups(val, test) & (val.label == label)].mean()), 2)

    attacks = sorted({name for name, label in zip(val.names, range(len(val.names))) if (val.label[val.group == label] == 1).any() and not name.startswith("heldout-")})
    return {**{name: rate(lambda n, name=name: n == name, 1) for name in attacks}, "families": rate(lambda n: n.startswith("heldout-"), 1),
            "legit": rate(lambda n: n == "openappsec-legit", 0), "texts, APIs": rate(lambda n: n.startswith(evaluate.TEXT_SETS), 0), "hard texts": rate(lambda n: n.startswith("heldout-text"), 0),
            "auc": round(evaluate.auc(val, odds), 6)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("start", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("--look", type=float, nargs="+", default=[], metavar="SHARE")
    parser.add_argument("--share", type=float)
    arguments = parser.parse_args()
    torch.set_num_threads(config.TRAIN.threads)
    old, state = (torch.load(path, map_location="cpu") for path in (arguments.start, arguments.new))
    if arguments.look:
        val = data.Requests(config.BUILD / "val.npz")
        for share in arguments.look:
            print(share, json.dumps(look(mixed(old["average"], state["average"], share), val, sites.numbers(val))), flush=True)
    if arguments.share is not None:
        state["average"] = mixed(old["average"], state["average"], arguments.share)
        state["soup"] = {"share": arguments.share, "with": hashlib.sha256(arguments.start.read_bytes()).hexdigest(), "epochs_before": old["epoch"] + 1}
        torch.save(state, config.BUILD / "checkpoint.pt")


if __name__ == "__main__":
    main()
