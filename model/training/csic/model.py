"""From a trained network to a Limen model: threshold from val, ONNX file and manifest."""

import dataclasses
import datetime
import hashlib
import math
import pathlib

import numpy
import onnx
import torch

import export
import manifest
import record as records
import reference
from csic import judge, options as choices, pages

DESCRIPTION = ("Tells CSIC 2010's anomalous requests from its normal ones (scheme {scheme}, seed {seed}). It knows one small "
               "web shop and is of no use anywhere else: most of these anomalies are no attacks.")


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def code_version():
    """Digest of the source files of this folder and of the training's own that it stands on."""
    here, total = pathlib.Path(__file__).parent, hashlib.sha256()
    shared = [here.parent / f"{name}.py" for name in ("config", "data", "evaluate", "export", "manifest", "network", "record")]
    for path in [*sorted(here.glob("*.py")), *shared]:
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def check(model, network, requests):
    """The exported graph must give PyTorch's logits."""
    rows = numpy.random.default_rng(0).choice(len(requests), 24, replace=False)
    tokens = requests.batch(rows, 64)
    with torch.no_grad():
        wanted = network(torch.from_numpy(tokens))[0].numpy()
    worst = float(numpy.abs(reference.run(model, tokens)["logits"] - wanted).max())
    if worst > 1e-3:
        raise SystemExit(f"checking the export: logits differ by {worst}")


def write(network, history, scheme, options, val, folder):
    """Writes limen-csic.onnx and .json into folder; returns the ONNX file's path."""
    network = network.cpu()
    figures, limit, prior = judge.val_figures(network, val)
    pages_left_out = sorted(pages.left_out(records.read(pages.path(scheme, "train")), options.seed)) if scheme in choices.OPEN_PAGES else []
    facts = {**manifest.properties(), "name": choices.NAME}
    model = export.build(network, facts)
    check(model, network, val)
    content = model.SerializeToString()
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    data = [{"name": f"csic2010/{scheme}", "split": split, "role": split, "sha256": digest(pages.path(scheme, split)),
             "rows": sum(1 for _ in records.read(pages.path(scheme, split)))} for split in ("train", "val")]
    run = {"seed": options.seed, "options": dataclasses.asdict(options), "made_seed": choices.MADE_SEED, "code": code_version(),
           "pages_left_out": pages_left_out, "finished": now, "framework": f"PyTorch {torch.__version__}", "onnx": onnx.__version__,
           "network": {"embedding": network.config.embedding, "blocks": [dataclasses.astuple(block) for block in network.config.blocks],
                       "features": network.config.features, "weights": sum(p.numel() for p in network.parameters())},
           "history": history}
    document = manifest.build(threshold=round(1 / (1 + math.exp(-limit)), 6), prior=round(prior, 4), onnx_bytes=content,
                              description=DESCRIPTION.format(scheme=scheme, seed=options.seed), data=data,
                              metrics={"val": figures}, run=run, created=now)
    document["name"], document["file"] = choices.NAME, choices.NAME + ".onnx"
    export.write_pair(folder, content, manifest.text(document), choices.NAME)
    return folder / f"{choices.NAME}.onnx"
