"""A plain NumPy evaluator of the exported graph, to check the export against PyTorch."""

import numpy
import onnx
from onnx import helper, numpy_helper


def run(model, tokens):
    """Evaluates an onnx.ModelProto on tokens int64 [N, L]; returns a dict of the graph's outputs."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    values["tokens"] = tokens
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        inputs = [values[name] for name in node.input]
        values[node.output[0]] = OPERATORS[node.op_type](attributes, *inputs)
    return {output.name: values[output.name] for output in model.graph.output}


def _conv(attributes, x, weight, bias):
    before, after = attributes["pads"]
    x = numpy.pad(x, ((0, 0), (0, 0), (before, after)))
    columns = numpy.lib.stride_tricks.sliding_window_view(x, weight.shape[2], axis=2)  # [N, C, L, k]
    return numpy.einsum("nclk,ock->nol", columns, weight, optimize=True) + bias[None, :, None]


def _max_pool(attributes, x):
    pool = attributes["kernel_shape"][0]
    length = x.shape[2] // pool
    return x[:, :, :length * pool].reshape(x.shape[0], x.shape[1], length, pool).max(axis=3)


OPERATORS = {
    "Greater": lambda a, x, y: x > y,
    "Cast": lambda a, x: x.astype(helper.mapping.TENSOR_TYPE_TO_NP_TYPE[a["to"]]),
    "Unsqueeze": lambda a, x, axes: numpy.expand_dims(x, tuple(axes)),
    "Gather": lambda a, table, index: table[index],
    "Transpose": lambda a, x: x.transpose(a["perm"]),
    "Mul": lambda a, x, y: x * y,
    "Conv": _conv,
    "Relu": lambda a, x: numpy.maximum(x, 0),
    "MaxPool": _max_pool,
    "ReduceMax": lambda a, x: x.max(axis=tuple(a["axes"])),
    "Gemm": lambda a, x, weight, bias: x @ weight.T + bias,
}


def load(path):
    return onnx.load(str(path))
