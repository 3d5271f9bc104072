#!/usr/bin/env python3
"""Writes the random networks that the engine tests run.

They are no models: the weights are pseudo-random, so what they answer means
nothing. They are the graph that training exports (README.md in this folder),
node for node, so that the two engines can be held against each other without
a trained model.

    make_network.py tiny .             the committed files: tiny.onnx, tiny.json and
                                       tiny.logits.json, some windows with their logits
    make_network.py default FOLDER     the sizes of the shipped model, for timing

Needs the Python packages onnx and numpy.
"""

import hashlib
import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VOCABULARY = 320
CLASSES = ["none", "sqli", "xss", "traversal", "cmdi", "log4shell", "shellshock", "xxe", "other"]

# name: embedding width, blocks of (kernel, channels out, pool), hidden units
NETWORKS = {
    "tiny": (6, [(5, 8, 4), (3, 16, 2), (3, 8, 1)], 16),
    "default": (16, [(5, 32, 4), (3, 48, 2), (3, 64, 1)], 64),
}


def build(embedding, blocks, hidden, seed=1):
    """Returns the ONNX model: tokens int64 [N, L] to logits [N, 9] and features [N, hidden]."""
    rng = np.random.default_rng(seed)
    weights, nodes = [], []

    def weight(name, value):
        weights.append(numpy_helper.from_array(value, name))
        return name

    def drawn(name, *shape, fan):
        return weight(name, (rng.standard_normal(shape) * np.sqrt(2 / fan)).astype(np.float32))

    def node(operator, inputs, output, **attributes):
        nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    pad = node("Equal", ["tokens", weight("pad", np.array(0, np.int64))], "is_pad")
    mask = node("Cast", [node("Not", [pad], "is_token")], "mask_2d", to=TensorProto.FLOAT)
    mask = node("Unsqueeze", [mask, weight("axis_1", np.array([1], np.int64))], "mask_0")
    x = node("Gather", [drawn("embedding", VOCABULARY, embedding, fan=2), "tokens"], "embedded", axis=0)
    x = node("Mul", [node("Transpose", [x], "channels_first", perm=[0, 2, 1]), mask], "x_0")
    width = embedding
    for i, (kernel, out, pool) in enumerate(blocks, 1):
        x = node("Conv", [x, drawn(f"conv_{i}.weight", out, width, kernel, fan=width * kernel),
                          drawn(f"conv_{i}.bias", out, fan=50)], f"conv_{i}",
                 kernel_shape=[kernel], pads=[kernel // 2] * 2, strides=[1], dilations=[1], group=1)
        x = node("Mul", [node("Relu", [x], f"relu_{i}"), mask], f"x_{i}")
        if pool > 1:
            x = node("MaxPool", [x], f"pool_{i}", kernel_shape=[pool], strides=[pool])
            mask = node("MaxPool", [mask], f"mask_{i}", kernel_shape=[pool], strides=[pool])
        width = out
    x = node("ReduceMax", [x], "maximum", axes=[2], keepdims=0)
    x = node("Gemm", [x, drawn("hidden.weight", hidden, width, fan=width),
                      drawn("hidden.bias", hidden, fan=50)], "hidden", transB=1)
    x = node("Relu", [x], "features")
    node("Gemm", [x, drawn("head.weight", len(CLASSES), hidden, fan=hidden),
                  drawn("head.bias", len(CLASSES), fan=50)], "logits", transB=1)

    graph = helper.make_graph(
        nodes, "limen-http",
        [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["N", "L"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", len(CLASSES)]),
         helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", hidden])],
        weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="limen-testdata")
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model


def evaluate(model, tokens):
    """Runs the network on one window with NumPy alone, in double precision, and returns its logits."""
    values = {w.name: numpy_helper.to_array(w) for w in model.graph.initializer}
    values = {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in values.items()}
    values["tokens"] = np.array([tokens + [0] * (max(8, -(-len(tokens) // 8) * 8) - len(tokens))], np.int64)

    def convolve(x, w, b, pads, **_):
        x = np.pad(x[0], ((0, 0), tuple(pads)))
        spans = np.lib.stride_tricks.sliding_window_view(x, w.shape[2], axis=1)
        return (np.einsum("ctk,ock->ot", spans, w) + b[:, None])[None]

    operators = {
        "Equal": lambda a, b: a == b,
        "Not": lambda a: ~a,
        "Cast": lambda a, to: a.astype(np.float64),
        "Unsqueeze": lambda a, axes: np.expand_dims(a, tuple(axes)),
        "Gather": lambda table, i, axis: table[i],
        "Transpose": lambda a, perm: a.transpose(perm),
        "Mul": lambda a, b: a * b,
        "Relu": lambda a: np.maximum(a, 0),
        "Conv": convolve,
        "MaxPool": lambda a, strides, **_: a.reshape(*a.shape[:2], -1, strides[0]).max(axis=3),
        "ReduceMax": lambda a, axes, **_: a.max(axis=tuple(axes)),
        "Gemm": lambda a, w, b, **_: a @ w.T + b,
    }
    for n in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in n.attribute}
        values[n.output[0]] = operators[n.op_type](*(values[i] for i in n.input), **attributes)
    return [round(float(v), 6) for v in values["logits"][0]]


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in NETWORKS:
        sys.exit(__doc__)
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    model = build(*NETWORKS[name])
    raw = model.SerializeToString()
    manifest = {
        "format": 1, "name": f"test-{name}", "version": "1", "task": "http",
        "description": "Random weights for the engine tests. Its scores mean nothing.",
        "file": f"{name}.onnx", "sha256": hashlib.sha256(raw).hexdigest(),
        "tokenizer": {"version": 1, "vocabulary": VOCABULARY, "window": 1024, "overlap": 128},
        "classes": CLASSES, "threshold": 0.5, "licence": "Apache-2.0", "created": "2026-11-22T00:00:00Z",
    }
    (folder / f"{name}.onnx").write_bytes(raw)
    (folder / f"{name}.json").write_text(json.dumps(manifest, indent=2) + "\n")
    if name == "tiny":
        rng = np.random.default_rng(2)
        windows = [rng.integers(1, VOCABULARY, n).tolist() for n in (1, 7, 8, 9, 40, 200)]
        windows += [[], [5, 0, 0, 6]]  # nothing at all; padding in the middle
        lines = [json.dumps({"tokens": w, "logits": evaluate(model, w)}) for w in windows]
        (folder / "tiny.logits.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
