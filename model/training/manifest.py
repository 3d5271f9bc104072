"""The manifest: the JSON file beside the ONNX file that says what the model is and where it came from."""

import hashlib
import json

import config

DESCRIPTION = ("Classifies one HTTP request, as tokens of the Limen tokenizer, into none (ordinary) or a class of attack. "
               "The score is 1 - P(none) of the window with the highest score.")
LICENCE_NOTE = ("The weights are Apache-2.0. They were trained on public data under the licences that each data set states; "
                "no data is distributed with them.")


def build(threshold, prior, onnx_bytes, description=DESCRIPTION, data=(), metrics=None, run=None, created="", class_thresholds=None):
    return {
        "format": 1,
        "name": config.NAME,
        "version": config.VERSION,
        "task": "http",
        "file": config.NAME + ".onnx",
        "sha256": hashlib.sha256(onnx_bytes).hexdigest(),
        "tokenizer": config.TOKENIZER,
        "classes": config.CLASSES,
        "threshold": threshold,
        "class_thresholds": class_thresholds or {},
        "prior": prior,
        "data": list(data),
        "metrics": metrics or {},
        "run": run or {},
        "licence": "Apache-2.0",
        "licence_note": LICENCE_NOTE,
        "created": created,
        "description": description,
    }


def text(manifest):
    """The manifest as JSON, indented; each row of a table and each short list is one line."""
    return _text(manifest, "") + "\n"


def _text(value, indent):
    flat = json.dumps(value, ensure_ascii=False)
    nested = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    if not nested or len(flat) + len(indent) < 240 and indent and not any(isinstance(child, dict) for child in nested):
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        lines = [f"{deeper}{json.dumps(key)}: {_text(child, deeper)}" for key, child in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + indent + "}"
    return "[\n" + ",\n".join(deeper + _text(child, deeper) for child in value) + "\n" + indent + "]"


def properties():
    """Facts that do not depend on the manifest, for the ONNX file's own metadata."""
    return {
        "name": config.NAME,
        "version": config.VERSION,
        "task": "http",
        "tokenizer_version": config.TOKENIZER["version"],
        "tokenizer_vocabulary": config.TOKENIZER["vocabulary"],
        "window": config.TOKENIZER["window"],
        "overlap": config.TOKENIZER["overlap"],
        "classes": ",".join(config.CLASSES),
        "licence": "Apache-2.0",
    }
