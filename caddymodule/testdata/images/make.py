"""Makes the small models of the tests. Needs numpy and onnx.

colours.onnx  classifier, input [N,3,8,8] FP32 0..255, logits [N,3]: the mean of each channel
              divided by 16, so the strongest colour of a picture is its label
squares.onnx  detector in YOLOX form, images [1,3,32,32] FP32 0..255 -> output [1,21,7]: at stride
              8 each cell is an object of its own size, as sure as it is red, of class 0;
              the cells of strides 16 and 32 never are
add.onnx      INPUT0 and INPUT1 INT32 [N,4] -> OUTPUT0 their sum, OUTPUT1 their difference
"""
import os

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh

here = os.path.dirname(os.path.abspath(__file__))


def save(name, nodes, inputs, outputs, constants):
    graph = h.make_graph(nodes, name, inputs, outputs, [nh.from_array(v, k) for k, v in constants.items()])
    model = h.make_model(graph, producer_name="limen", opset_imports=[h.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(here, name + ".onnx"))


def value(name, kind, shape):
    return h.make_tensor_value_info(name, kind, shape)


def f32(*v):
    return np.array(v, dtype=np.float32)


save(
    "colours",
    [
        h.make_node("GlobalAveragePool", ["input"], ["mean"]),
        h.make_node("Flatten", ["mean"], ["flat"]),
        h.make_node("Mul", ["flat", "scale"], ["logits"]),
    ],
    [value("input", T.FLOAT, ["N", 3, 8, 8])],
    [value("logits", T.FLOAT, ["N", 3])],
    {"scale": f32(1 / 16)},
)

nodes, constants, parts = [], {}, []
for stride in (8, 16, 32):
    # Rows x, y, w, h, objectness, class 0, class 1. w and h are logarithms.
    weight = np.zeros((7, 3, 1, 1), dtype=np.float32)
    bias = f32(0.5, 0.5, 0, 0, 0, 1, 0)
    if stride == 8:
        weight[4] = np.array([1, -1, 0], dtype=np.float32).reshape(3, 1, 1) / 255
    constants[f"w{stride}"], constants[f"b{stride}"] = weight, bias
    cells = (32 // stride) ** 2
    constants[f"shape{stride}"] = np.array([1, 7, cells], dtype=np.int64)
    nodes += [
        h.make_node("AveragePool", ["images"], [f"p{stride}"], kernel_shape=[stride, stride], strides=[stride, stride]),
        h.make_node("Conv", [f"p{stride}", f"w{stride}", f"b{stride}"], [f"c{stride}"]),
        h.make_node("Reshape", [f"c{stride}", f"shape{stride}"], [f"r{stride}"]),
    ]
    parts.append(f"r{stride}")
nodes += [
    h.make_node("Concat", parts, ["all"], axis=2),
    h.make_node("Clip", ["all", "zero", "one"], ["clipped"]),
    h.make_node("Transpose", ["clipped"], ["output"], perm=[0, 2, 1]),
]
constants["zero"], constants["one"] = np.array(0, dtype=np.float32), np.array(1, dtype=np.float32)
save("squares", nodes, [value("images", T.FLOAT, [1, 3, 32, 32])], [value("output", T.FLOAT, [1, 21, 7])], constants)

save(
    "add",
    [h.make_node("Add", ["INPUT0", "INPUT1"], ["OUTPUT0"]), h.make_node("Sub", ["INPUT0", "INPUT1"], ["OUTPUT1"])],
    [value("INPUT0", T.INT32, ["N", 4]), value("INPUT1", T.INT32, ["N", 4])],
    [value("OUTPUT0", T.INT32, ["N", 4]), value("OUTPUT1", T.INT32, ["N", 4])],
    {},
)
