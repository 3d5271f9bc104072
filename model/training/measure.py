"""Judges the model in model/default on every test split, once, and writes the tables of model/CARD.md.

    python3 measure.py [--previous OLD.onnx]

Each step is a command that anybody can run by hand: it is printed. Results are
kept in runs/measured/DIGEST and not measured again; the tables between the
marks in the card are replaced. The previous model gets the same commands.
"""

import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys

import card
import config

EVADED = ("openappsec-malicious", "payloadsallthethings", "sqlmap-payloads", "httpparams")


def test_files(*patterns):
    return [str(path) for pattern in patterns or ("*",) for path in sorted((config.PUBLIC / "test").glob(f"{pattern}.jsonl.gz"))]


def without_weak(folder):
    """public/test without the rows marked weak, and with the classes of labels.py."""
    path = folder / "strong.jsonl"
    if not path.exists():
        import labels
        import record as records
        with open(path.with_suffix(".part"), "w", encoding="utf-8") as out:
            for file in test_files():
                for row in records.read(file):
                    if not row.get("weak"):
                        out.write(records.line({**row, "class": labels.wanted(row)}))
        path.with_suffix(".part").replace(path)
    return str(path)


def steps(folder, model):
    """name → (command, whether its standard output is the result)."""
    caddy, bench = str(config.BUILD / "caddy"), str(config.BUILD / "limenbench")
    own = ["--model", model] if model else []
    held = [str(path) for path in config.heldout("test")]
    attacked = [file for name in EVADED for file in test_files(name)]
    result = lambda name: str(folder / f"{name}.json.part")
    out = {
        "public": ([caddy, "limen", "eval", "--json", *own, *test_files()], True),
        "strong": ([caddy, "limen", "eval", "--json", *own, without_weak(folder.parent)], True),
        "heldout": ([caddy, "limen", "eval", "--json", *own, *held], True),
        "evade": ([bench, "evade", *own, "--sample", "2000", "--json", result("evade"), *attacked], False),
        "drift": ([bench, "evade", *own, "--drift", "--sample", "600", "--json", result("drift"), *test_files("openappsec-legit", "text-*", "api-*", "webhooks-github")], False),
        "padding": ([bench, "padding", *own, "--sample", "40", "--json", result("padding"), *attacked], False),
    }
    return out


def measured(model, previous=False):
    digest = json.loads(pathlib.Path(str(model).removesuffix(".onnx") + ".json").read_text())["sha256"][:12]
    folder = config.BUILD / "measured" / digest
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, (command, piped) in steps(folder, str(model) if previous else "").items():
        path = folder / f"{name}.json"
        if not path.exists():
            print("$ " + shlex.join(command)[:300], file=sys.stderr, flush=True)
            part = folder / f"{name}.json.part"
            with open(part if piped else os.devnull, "wb") as out:
                status = subprocess.run(command, stdout=out).returncode
            if status != 0:
                raise SystemExit(f"measuring {name} failed with status {status}: {shlex.join(command)[:300]}")
            part.replace(path)
        found[name] = json.loads(path.read_text())
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--previous", help="an earlier model's ONNX file, with its manifest beside it")
    arguments = parser.parse_args()
    now = measured(config.DEFAULT / f"{config.NAME}.onnx")
    before = measured(pathlib.Path(arguments.previous), True) if arguments.previous else None
    card.write(config.DEFAULT.parent / "CARD.md", now, before)


if __name__ == "__main__":
    main()
