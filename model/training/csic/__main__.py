"""python3 -m csic: tokenizes, trains and judges; goes on where it was stopped."""

import argparse
import dataclasses
import hashlib
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import time

import numpy
import torch

import config
import data
import record as records
from csic import fit, judge, made, model, options as choices, pages


def maker_digest(scheme):
    """Digest of all that the made requests of a scheme come from: a cache of others must not be read."""
    here, options = pathlib.Path(__file__).parent, choices.OPTIONS
    total = hashlib.sha256()
    for path in (*(here / f"{name}.py" for name in ("made", "pages", "paths")), pages.path(scheme, "train")):
        total.update(hashlib.sha256(path.read_bytes()).digest())
    total.update(repr((config.TOKENIZER, choices.MADE_SEED, choices.EXCERPTS_OF_EACH, choices.RENAMED, options.epochs, options.whole_epochs,
                       options.made_excerpts, options.made, options.made_last)).encode())
    return total.hexdigest()[:12]


def prepare_train(scheme):
    """The token cache of a scheme's train split and of what is made from it; the same for all seeds."""
    cache, options = choices.FOLDER / scheme / f"train-{maker_digest(scheme)}.npz", choices.OPTIONS
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        early, last = options.epochs - options.whole_epochs, options.whole_epochs
        lines = cache.with_suffix(".jsonl")
        print(f"{scheme}: making requests", flush=True)
        made.write(list(records.read(pages.path(scheme, "train"))), lines, choices.EXCERPTS_OF_EACH, options.made_excerpts * options.epochs,
                   options.made * early + options.made_last * last, choices.MADE_SEED, scheme in choices.OPEN_PAGES)
        with open(lines, "rb") as written:
            total = sum(1 for _ in written)
        data.tokenize([lines], cache, total)
        lines.unlink()
    return cache


def prepare(scheme):
    """The caches that several seeds share, so that no two processes write one."""
    prepare_train(scheme)
    if scheme not in choices.OPEN_PAGES:
        prepare_val(scheme, [], set(), 0)


def prepare_val(scheme, train, places, seed):
    """The token cache of val, with the train requests for the pages left out."""
    if not places:
        cache, rows = choices.FOLDER / scheme / "val.npz", []
    else:
        cache = choices.FOLDER / scheme / f"val-without-{seed % choices.FOLDS}.npz"
        rows = [row for row in train if row["label"] == "normal" and pages.place(row) in places]
    if not cache.exists():
        lines = cache.with_suffix(f".{seed}.jsonl")
        cache.parent.mkdir(parents=True, exist_ok=True)
        lines.write_text("".join(records.line({**row, "dataset": judge.LEFT_OUT}) for row in rows), encoding="utf-8")
        data.tokenize([pages.path(scheme, "val"), *([lines] if rows else [])], cache)
        lines.unlink()
    return cache


def train(scheme, seed, threads, device):
    """Trains and writes one model."""
    options = dataclasses.replace(choices.OPTIONS, seed=seed, threads=threads)
    folder = choices.FOLDER / f"{scheme}-seed{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(records.read(pages.path(scheme, "train")))
    numbers = {}
    keys = numpy.array([numbers.setdefault(pages.key(row), len(numbers)) for row in rows])
    places = pages.left_out(rows, seed) if scheme in choices.OPEN_PAGES else set()
    left_out = {int(number) for row, number in zip(rows, keys) if row["label"] == "normal" and pages.place(row) in places}
    requests, val = data.Requests(prepare_train(scheme)), data.Requests(prepare_val(scheme, rows, places, seed))
    del rows
    network, history = fit.fit(requests, keys, left_out, val, options, device, folder / "checkpoint.pt")
    model.write(network, history, scheme, options, val, folder)


def finished(scheme, seed):
    return (choices.FOLDER / f"{scheme}-seed{seed}" / f"{choices.NAME}.json").exists()


def train_all(runs, jobs, arguments):
    """Trains several models at a time, each in a process of its own; their progress bars go to log.txt in their folders."""
    waiting, running = list(runs), {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                scheme, seed = waiting.pop(0)
                folder = choices.FOLDER / f"{scheme}-seed{seed}"
                folder.mkdir(parents=True, exist_ok=True)
                command = [sys.executable, "-m", "csic", "--scheme", scheme, "--seeds", str(seed), "--threads", str(arguments.threads),
                           "--device", arguments.device, "--jobs", "1", "--no-test"]
                with open(folder / "log.txt", "a") as log:
                    running[scheme, seed] = subprocess.Popen(command, stderr=log, env={**os.environ, "OMP_NUM_THREADS": str(arguments.threads)})
            time.sleep(1)
            for (scheme, seed), process in list(running.items()):
                if process.poll() is None:
                    continue
                del running[scheme, seed]
                if process.returncode != 0:
                    raise SystemExit(f"training {scheme}, seed {seed}: status {process.returncode}; see {choices.FOLDER / f'{scheme}-seed{seed}' / 'log.txt'}")
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait()


def main():
    parser = argparse.ArgumentParser(prog="csic", description=__doc__)
    parser.add_argument("--scheme", default=",".join(choices.SCHEMES), help="std, group or both (default: both)")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--threads", type=int, default=choices.OPTIONS.threads, help="of each model's training")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--jobs", type=int, default=0, help="models trained at a time (default: one for each processor; one on cuda)")
    parser.add_argument("--no-test", action="store_true", help="leave the test splits alone: while choices are still open")
    arguments = parser.parse_args()
    config.TOKENIZER.update(choices.WINDOW)
    for scheme in arguments.scheme.split(","):
        if scheme not in choices.SCHEMES:
            parser.error(f"there is no scheme {scheme!r}: take one of {', '.join(choices.SCHEMES)}")
    runs = [(scheme, int(seed)) for seed in arguments.seeds.split(",") for scheme in arguments.scheme.split(",")]
    wanted = [run for run in runs if not finished(*run)]
    jobs = arguments.jobs or (1 if arguments.device != "cpu" else max(1, len(os.sched_getaffinity(0)) // arguments.threads))
    if jobs > 1 and len(wanted) > 1:
        schemes = sorted({scheme for scheme, _ in wanted})
        with multiprocessing.Pool(min(jobs, len(schemes))) as pool:
            pool.map(prepare, schemes)
        train_all(wanted, jobs, arguments)
    else:
        for scheme, seed in wanted:
            train(scheme, seed, arguments.threads, arguments.device)
    if arguments.no_test:
        return
    results = {}
    for scheme, seed in runs:
        folder = choices.FOLDER / f"{scheme}-seed{seed}"
        results[scheme, seed] = judge.test(folder / f"{choices.NAME}.onnx", scheme, folder / "mistakes.jsonl")
    text = judge.table(results)
    (choices.FOLDER / "results.md").write_text(text + "\n")
    (choices.FOLDER / "results.json").write_text(json.dumps({f"{scheme}-seed{seed}": result for (scheme, seed), result in results.items()}, indent=1))
    print(text)


if __name__ == "__main__":
    main()
