"""Makes the small models of the tests. Run with onnx 1.12 or newer: python3 make_models.py"""

import numpy as np
import onnx
from onnx import TensorProto as T, helper as h, numpy_helper as nh

ALL = {
    "BOOL": T.BOOL, "UINT8": T.UINT8, "UINT16": T.UINT16, "UINT32": T.UINT32, "UINT64": T.UINT64,
    "INT8": T.INT8, "INT16": T.INT16, "INT32": T.INT32, "INT64": T.INT64,
    "FP16": T.FLOAT16, "BF16": T.BFLOAT16, "FP32": T.FLOAT, "FP64": T.DOUBLE, "BYTES": T.STRING,
}


def save(name, nodes, inputs, outputs, initializers=()):
    graph = h.make_graph(nodes, name, inputs, outputs, list(initializers))
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], producer_name="make_models.py")
    model.ir_version = 7
    onnx.checker.check_model(model)
    onnx.save(model, name + ".onnx")


def info(name, kind, shape):
    return h.make_tensor_value_info(name, kind, shape)


# Every type, passed through, with a free first dimension.
save("types",
     [h.make_node("Identity", ["in_" + n], ["out_" + n]) for n in ALL],
     [info("in_" + n, t, ["n", 2]) for n, t in ALL.items()],
     [info("out_" + n, t, ["n", 2]) for n, t in ALL.items()])

# y = x @ w + b by row, and z = the row's sum: batches.
rng = np.random.default_rng(1)
w = rng.normal(size=(4, 3)).astype(np.float32)
save("rows",
     [h.make_node("MatMul", ["x", "w"], ["xw"]), h.make_node("Add", ["xw", "b"], ["y"]),
      h.make_node("ReduceSum", ["x", "axes"], ["z"], keepdims=0)],
     [info("x", T.FLOAT, ["n", 4])],
     [info("y", T.FLOAT, ["n", 3]), info("z", T.FLOAT, ["n"])],
     [nh.from_array(w, "w"), nh.from_array(np.array([1, 2, 3], np.float32), "b"),
      nh.from_array(np.array([1], np.int64), "axes")])

# Each row less the mean of the batch: rows are not independent.
save("mixed",
     [h.make_node("ReduceMean", ["x"], ["mean"], axes=[0]), h.make_node("Sub", ["x", "mean"], ["y"])],
     [info("x", T.FLOAT, ["n", 4])], [info("y", T.FLOAT, ["n", 4])])

# Scalars, a free shape, outputs without elements, and half floats of a shape
# that is only known after the run: where(x > limit) and x as half floats.
save("shapes",
     [h.make_node("Greater", ["x", "limit"], ["above"]), h.make_node("NonZero", ["above"], ["where"]),
      h.make_node("Compress", ["x", "above"], ["kept"], axis=0), h.make_node("Cast", ["kept"], ["half"], to=T.FLOAT16),
      h.make_node("ReduceSum", ["x"], ["sum"], keepdims=0)],
     [info("x", T.FLOAT, [None]), info("limit", T.FLOAT, [])],
     [info("where", T.INT64, [1, None]), info("half", T.FLOAT16, [None]), info("sum", T.FLOAT, [])])

# y = table[i]: an index may be out of range, so a run may fail because of values.
save("index",
     [h.make_node("Gather", ["table", "i"], ["y"])],
     [info("i", T.INT64, ["n"])], [info("y", T.FLOAT, ["n"])],
     [nh.from_array(np.arange(8, dtype=np.float32) * 10, "table")])

# Enough work for a run that is to be stopped, as many small operators.
chain, last = [], "x"
for i in range(400):
    chain.append(h.make_node("MatMul", [last, "w"], ["t%d" % i]))
    last = "t%d" % i
chain.append(h.make_node("ReduceMean", [last], ["y"], keepdims=0))
half = h.make_node("ConstantOfShape", ["size"], ["w"],
                   value=h.make_tensor("v", T.FLOAT, [1], [1 / 160]))
save("slow", [half] + chain, [info("x", T.FLOAT, [160, 160])], [info("y", T.FLOAT, [])],
     [nh.from_array(np.array([160, 160], np.int64), "size")])

# One element of a picture, so that a run costs nothing and a call what is around it.
save("pass",
     [h.make_node("Slice", ["x", "zero", "one", "axes"], ["y"])],
     [info("x", T.FLOAT, ["n", 3, 224, 224])], [info("y", T.FLOAT, ["n", 1, 1, 1])],
     [nh.from_array(np.zeros(3, np.int64), "zero"), nh.from_array(np.ones(3, np.int64), "one"),
      nh.from_array(np.array([1, 2, 3], np.int64), "axes")])

# An output that is no tensor.
save("sequence", [h.make_node("SplitToSequence", ["x"], ["y"])],
     [info("x", T.FLOAT, [4])], [h.make_tensor_sequence_value_info("y", T.FLOAT, None)])
