"""python3 -m csic: tokenizes, trains and judges; goes on where it was stopped."""

import argparse
import dataclasses
import json

import numpy
import torch

import data
import record as records
from csic import fit, judge, made, model, options as choices, pages


def prepare(scheme, options):
    """Token caches of a scheme: train (with what is made from it) and val. Returns them and the numbers that tell copies apart."""
    folder = choices.FOLDER / scheme
    folder.mkdir(parents=True, exist_ok=True)
    train = list(records.read(pages.path(scheme, "train")))
    if not (folder / "train.npz").exists():
        early, last = options.epochs - options.whole_epochs, options.whole_epochs
        made.write(train, folder / "train.jsonl", choices.EXCERPTS_OF_EACH, options.made_excerpts * options.epochs, options.made * early + options.made_last * last, choices.MADE_SEED)
        data.tokenize([folder / "train.jsonl"], folder / "train.npz")
        (folder / "train.jsonl").unlink()
    if not (folder / "val.npz").exists():
        data.tokenize([pages.path(scheme, "val")], folder / "val.npz")
    numbers = {}
    keys = numpy.array([numbers.setdefault(pages.key(row), len(numbers)) for row in train])
    return data.Requests(folder / "train.npz"), keys, data.Requests(folder / "val.npz")


def main():
    parser = argparse.ArgumentParser(prog="csic", description=__doc__)
    parser.add_argument("--scheme", default=",".join(choices.SCHEMES), help="std, group or both (default: both)")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--threads", type=int, default=choices.OPTIONS.threads)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--no-test", action="store_true", help="leave the test splits alone: while choices are still open")
    arguments = parser.parse_args()
    results = {}
    for scheme in arguments.scheme.split(","):
        if scheme not in choices.SCHEMES:
            parser.error(f"there is no scheme {scheme!r}: take one of {', '.join(choices.SCHEMES)}")
        for seed in map(int, arguments.seeds.split(",")):
            options = dataclasses.replace(choices.OPTIONS, seed=seed, threads=arguments.threads)
            folder = choices.FOLDER / f"{scheme}-seed{seed}"
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / f"{choices.NAME}.json").exists():
                print(f"{scheme}, seed {seed}", flush=True)
                requests, keys, val = prepare(scheme, options)
                network, history = fit.fit(requests, keys, val, options, arguments.device, folder / "checkpoint.pt")
                model.write(network, history, scheme, options, val, folder)
            if not arguments.no_test:
                results[scheme, seed] = judge.test(folder / f"{choices.NAME}.onnx", scheme, folder / "mistakes.jsonl")
    if results:
        text = judge.table(results)
        (choices.FOLDER / "results.md").write_text(text + "\n")
        (choices.FOLDER / "results.json").write_text(json.dumps({f"{scheme}-seed{seed}": result for (scheme, seed), result in results.items()}, indent=1))
        print(text)


if __name__ == "__main__":
    main()
