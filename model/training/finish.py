"""From the checkpoint to the model: calibrates on public/val, reports on val and test, writes ONNX file and manifest."""

import argparse
import dataclasses
import datetime
import hashlib
import json
import math
import pathlib

import numpy
import onnx
import torch

import config
import data
import evaluate
import export
import manifest
import network as networks
import record as records
import reference
import sites


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def code_version():
    """Digest of the training's own source files: says which code made a model."""
    total = hashlib.sha256()
    for path in sorted(pathlib.Path(__file__).parent.rglob("*.py")):
        total.update(str(path.relative_to(pathlib.Path(__file__).parent)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def data_rows():
    rows = []
    for split in ("train", "val", "test"):
        for source in config.SOURCES:
            path = config.PUBLIC / split / f"{source.name}.jsonl.gz"
            rows.append({"name": source.name, "split": split, "role": split, "sha256": digest(path),
                         "rows": sum(1 for _ in records.read(path))})
        for path in config.heldout(split):
            rows.append({"name": "heldout/" + path.name.split(".")[0], "split": split, "role": split, "sha256": digest(path),
                         "rows": sum(1 for _ in records.read(path))})
    rows.append({"name": "sites moved from train", "split": "train", "role": "val", "sha256": digest(sites.path()), "rows": sum(1 for _ in records.read(sites.path()))})
    return rows


def check_export(model, network, requests):
    """The exported graph must give PyTorch's logits, however a window is padded."""
    rng = numpy.random.default_rng(0)
    for multiple in (config.NETWORK.stride, 256):
        windows = rng.choice(len(requests.request), 24, replace=False)
        tokens = requests.batch(windows, multiple)
        with torch.no_grad():
            wanted = network(torch.from_numpy(tokens))
        got = reference.run(model, tokens)
        for name, tensor in zip(("logits", "features"), wanted):
            worst = float(numpy.abs(got[name] - tensor.numpy()).max())
            if worst > 1e-3:
                raise SystemExit(f"checking the export: {name} differ by {worst}")


def plot(history, path):
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4))
    epochs = [row["epoch"] for row in history]
    axes[0].plot(epochs, [row["loss"] for row in history], label="training loss (hard windows)")
    axes[0].set_yscale("log")
    for name in ("inj", "as_is", "pat", "sqlmap", "fwaf", "httpparams", "bdci", "families"):
        axes[1].plot(epochs, [1 - row[name] for row in history], label=name)
    axes[1].set_yscale("log")
    axes[1].set_title("missed on public/val at the false-positive budget")
    for axis in axes:
        axis.set_xlabel("epoch")
        axis.legend()
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def round_up(score):
    """The next score with two digits behind the nines: 0.97312 becomes 0.974, 0.994321 becomes 0.9944."""
    step = 10.0 ** -(math.floor(-math.log10(1 - score)) + 2)
    return round(math.ceil(score / step - 1e-9) * step, 12)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=str(config.DEFAULT))
    parser.add_argument("--record", default=str(pathlib.Path(__file__).parent / "record"), help="folder for the run record and its curves, which the manifest names")
    parser.add_argument("--no-test", action="store_true", help="leave public/test alone: while choices are still open")
    parser.add_argument("--note", default="")
    arguments = parser.parse_args()
    torch.set_num_threads(config.TRAIN.threads)
    state = torch.load(config.BUILD / "checkpoint.pt", map_location="cpu")
    network = networks.Network(config.NETWORK).eval()
    network.load_state_dict(state["average"])

    val = data.Requests(config.BUILD / "val.npz")
    odds, _ = evaluate.request_scores(val, evaluate.window_scores(network, val, name="val"))
    scale, shift = evaluate.calibration(val, odds, config.PRIOR)
    evaluate.fold(network, scale, shift)
    odds, classes = evaluate.request_scores(val, evaluate.window_scores(network, val, name="val"))
    limits = [round_up(1 / (1 + math.exp(-limit))) for limit in evaluate.class_thresholds(val, odds, classes, sites.numbers(val))[1:]]
    threshold = limits[0]  # of the classes that have no other
    thresholds = {name: limit for name, limit in zip(config.CLASSES[1:], limits) if limit != threshold}
    cuts = numpy.array([math.inf] + [math.log(limit / (1 - limit)) for limit in limits])

    metrics = {}
    for split in ("val",) if arguments.no_test else ("val", "test"):
        requests = val if split == "val" else data.Requests(config.BUILD / "test.npz")
        odds, classes = evaluate.request_scores(requests, evaluate.window_scores(network, requests, name=split))
        rows = evaluate.table(requests, odds, classes, cuts[classes])
        error = evaluate.calibration_error(requests.label, odds, config.PRIOR)
        print(f"\npublic/{split} at threshold {threshold} {thresholds}\n{evaluate.show(rows)}\nAUC legit/inj {evaluate.auc(requests, odds):.6f}, calibration error {error:.4f}")
        metrics[split] = {"threshold": threshold, "class_thresholds": thresholds, "auc_legit_inj": round(evaluate.auc(requests, odds), 6), "calibration_error": round(error, 5), "datasets": rows}

    model = export.build(network, manifest.properties())
    check_export(model, network, val)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    start = state.get("start", "")
    run = {"seed": state.get("options", {}).get("seed", config.TRAIN.seed), "options": state.get("options", {}),
           "start": {"sha256": digest(start), "epochs": torch.load(start, map_location="cpu")["epoch"] + 1} if start else {}, "grown": state.get("grown") or {}, "soup": state.get("soup") or {}, "augment_seed": config.AUGMENT_SEED, "hardened": config.HARDEN, "epochs": state["epoch"] + 1, "code": code_version(), "finished": now,
           "framework": f"PyTorch {torch.__version__}", "onnx": onnx.__version__,
           "training_requests": int(numpy.load(config.BUILD / "train.npz")["label"].shape[0]),
           "calibration": {"split": "public/val", "prior": config.PRIOR, "scale": round(scale, 4), "shift": round(shift, 4), "budgets": config.THRESHOLDS, "site_draws": config.SITE_DRAWS, "site_confidence": config.SITE_CONFIDENCE["shipped"]},
           "network": {"embedding": config.NETWORK.embedding, "blocks": [dataclasses.astuple(block) for block in config.NETWORK.blocks],
                       "features": config.NETWORK.features, "weights": sum(p.numel() for p in network.parameters()),
                       "multiply_adds_per_token": round(config.NETWORK.cost())},
           "injected": config.INJECTED, "history": state["history"]}
    description = (arguments.note + " " if arguments.note else "") + manifest.DESCRIPTION
    onnx_bytes = model.SerializeToString()
    rows = data_rows()
    folder = pathlib.Path(arguments.record)
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{config.NAME}-{config.VERSION}"
    plot(state["history"], stem.with_name(stem.name + ".png"))
    text = manifest.text({"model": f"{config.NAME} {config.VERSION}", "sha256": hashlib.sha256(onnx_bytes).hexdigest(), "data": rows, "run": run})
    stem.with_name(stem.name + ".json").write_text(text)
    run["record"] = {"file": f"model/training/record/{stem.name}.json", "sha256": hashlib.sha256(text.encode()).hexdigest(), "curves": f"model/training/record/{stem.name}.png"}
    document = manifest.build(threshold, config.PRIOR, onnx_bytes, description, rows, metrics, run, now, thresholds)
    export.write_pair(arguments.out, onnx_bytes, manifest.text(document), config.NAME)


if __name__ == "__main__":
    main()
