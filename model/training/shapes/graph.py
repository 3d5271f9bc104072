"""Evaluates an exported ONNX file node by node, so that what is measured is the file."""

import onnx
import torch
from onnx import helper, numpy_helper
from torch.nn import functional


def load(path):
    return onnx.load(str(path))


@torch.no_grad()
def run(model, images):
    """The outputs of an onnx.ModelProto for images float32 [N, 3, H, W], by name."""
    values = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in model.graph.initializer}
    values[model.graph.input[0].name] = images
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        results = OPERATORS[node.op_type](attributes, *(values[name] for name in node.input))
        values.update(zip(node.output, results if isinstance(results, tuple) else (results,)))
    return {output.name: values[output.name] for output in model.graph.output}


def _conv(a, x, weight, bias):
    top, left, bottom, right = a["pads"]
    x = functional.pad(x, (left, right, top, bottom))
    return functional.conv2d(x, weight, bias, a["strides"], 0, a["dilations"], a["group"])


def _reshape(a, x, shape):
    # 0 keeps a dimension.
    return x.reshape([x.shape[i] if n == 0 else int(n) for i, n in enumerate(shape)])


OPERATORS = {
    "Concat": lambda a, *x: torch.cat(x, a["axis"]),
    "Conv": _conv,
    "Flatten": lambda a, x: x.flatten(a["axis"]),
    "Gemm": lambda a, x, weight, bias: x @ weight.T + bias,
    "GlobalMaxPool": lambda a, x: x.amax(dim=(2, 3), keepdim=True),
    "Mul": lambda a, x, y: x * y,
    "Relu": lambda a, x: x.relu(),
    "Reshape": _reshape,
    "Sigmoid": lambda a, x: x.sigmoid(),
    "Split": lambda a, x, parts: torch.split(x, parts.tolist(), a["axis"]),
    "Sub": lambda a, x, y: x - y,
    "Transpose": lambda a, x: x.permute(a["perm"]),
}
