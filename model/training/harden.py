"""Requests for adversarial training, made between epochs: what the present network sees worst.

The network of the moment is exported and limenbench harden (Go, in bench/) searches
for variants of training payloads that it does not see any more, with the same
mutations that later judge the model on other payloads. Ordinary values go
through the same mutations. With them come new draws of our own generators, so that
few requests are learnt by heart. Madry et al., "Towards deep learning models resistant
to adversarial attacks" (2018).
"""

import copy
import json
import os
import random
import shlex
import subprocess

import augment
import benign
import config
import data
import export
import families
import manifest
import mutations
import ordinary
import payloads
import record as records
import sites


def command():
    return shlex.split(os.environ.get("LIMEN_HARDEN", "go run ./cmd/limenbench harden"))


def values(path):
    """Writes payloads and ordinary texts of the generators, one a request, for the search to start from."""
    rng = random.Random(config.AUGMENT_SEED + 1)
    names = [name for name in families.FAMILIES]
    weights = [families.FAMILIES[name].weight for name in names]
    part = path.with_suffix(".part")
    with open(part, "w", encoding="utf-8") as out:
        for number in range(config.HARDEN_VALUES):
            name = rng.choices(names, weights)[0]
            text, label = families.value(name, True, rng), families.FAMILIES[name].klass
            if text is None or rng.random() < 0.25:
                label, text = payloads.payload(rng)
            elif rng.random() < 0.3:
                text = mutations.mutate(label, text, rng)
            draw = rng.random()
            plain = families.value(name, False, rng) if draw < 0.25 else benign.value(rng) if draw < 0.5 else None
            for kind, klass, value in (("attack", label, text), ("normal", "none", plain or ordinary.any(rng)[1])):
                if 3 <= len(value) <= 3000:
                    out.write(json.dumps({"id": f"values-{kind}-{number}", "dataset": "values", "label": kind, "class": klass, "method": "POST", "target": "/", "headers": [["Host", "localhost"], ["Content-Type", "application/json"]],
                                          "body": json.dumps({"value": value}), "payload": value}) + "\n")
    part.replace(path)


def make(network, epoch, seed):
    """Token cache of a round's requests. A round that was made before is not made again."""
    folder = config.BUILD / "harden"
    folder.mkdir(parents=True, exist_ok=True)
    cache = folder / f"epoch{epoch}.npz"
    if cache.exists():
        return cache
    starts = folder / "values.jsonl"
    if not starts.exists():
        values(starts)
    model = export.build(copy.deepcopy(network).to("cpu").eval(), manifest.properties()).SerializeToString()
    export.write_pair(folder, model, manifest.text(manifest.build(config.HARDEN_THRESHOLD, config.PRIOR, model, created="2026-01-01T00:00:00Z")), config.NAME)
    requests = folder / f"epoch{epoch}.jsonl"
    files = [sites.path("train") if name == sites.SITED else config.PUBLIC / "train" / f"{name}.jsonl.gz" for name in config.HARDEN_SOURCES]
    arguments = command() + ["--model", str(folder / f"{config.NAME}.onnx"), "--seed", str(seed * 1000 + epoch), "--out", str(requests)]
    for name, count in config.HARDEN.items():
        arguments += [f"--{name}", str(count)]
    status = subprocess.run([*arguments, *map(str, files), str(starts)], cwd=config.REPOSITORY / "bench").returncode
    if status != 0:
        raise SystemExit(f"hardening after epoch {epoch}: the command {' '.join(arguments)} failed with status {status}")
    with open(requests, "a", encoding="utf-8") as out:
        for request in augment.fresh(config.FRESH, seed * 1000 + epoch, f"epoch{epoch}"):
            out.write(records.line(request))
    data.tokenize([requests], cache, sum(1 for _ in open(requests, "rb")))
    requests.unlink()
    return cache
