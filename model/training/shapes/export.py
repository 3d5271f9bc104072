"""Writes a network as an ONNX file; weights have the names that the network gives them."""

import pathlib

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import shapes.config as config
import shapes.network as networks

NAMES = {"classify": "shapes-classify", "detect": "shapes-detect"}


class Graph:
    """Nodes and constants as they come."""

    def __init__(self, network):
        self.weights = {name: value.detach().numpy().astype(numpy.float32)
                        for name, value in networks.folded(network).state_dict().items()}
        self.nodes, self.constants = [], {}

    def constant(self, name, array):
        self.constants[name] = numpy.ascontiguousarray(array)
        return name

    def weight(self, name):
        return self.constant(name, self.weights[name])

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def conv(self, x, name, output, stride=1):
        kernel = self.weights[name + ".weight"].shape[2]
        return self.node("Conv", [x, self.weight(name + ".weight"), self.weight(name + ".bias")], output,
                         kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4, dilations=[1, 1], group=1)

    def stage(self, x, i, stride):
        return self.node("Relu", [self.conv(x, f"stages.{i}.0", f"conv{i}", stride)], f"relu{i}")

    def model(self, name, size, outputs):
        graph = helper.make_graph(
            self.nodes, name, [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3, size, size])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", *shape]) for output, shape in outputs],
            [numpy_helper.from_array(array, key) for key, array in self.constants.items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", config.OPSET)], producer_name="limen")
        model.ir_version = 8
        helper.set_model_props(model, {"labels": ",".join(config.KINDS), "made by": "model/training/shapes"})
        onnx.checker.check_model(model)
        return model


def classifier(network):
    """images [N, 3, 64, 64] to logits [N, kinds]."""
    graph, x = Graph(network), "images"
    for i, stage in enumerate(network.stages):
        x = graph.stage(x, i, stage[0].stride[0])
    x = graph.node("GlobalMaxPool", [x], "peaks")
    x = graph.node("Flatten", [x], "features", axis=1)
    graph.node("Gemm", [x, graph.weight("head.weight"), graph.weight("head.bias")], "logits", transB=1)
    return graph.model(NAMES["classify"], config.CLASSIFY_SIZE, [("logits", [len(config.KINDS)])])


def detector(network):
    """images [N, 3, 128, 128] to output [N, cells, 5 + kinds]."""
    graph = Graph(network)
    width = 5 + len(config.KINDS)
    x = graph.node("Sub", ["images", graph.constant("centre", numpy.array(networks.CENTRE, numpy.float32))], "centred")
    x = graph.node("Mul", [x, graph.constant("scale", numpy.array(networks.SCALE, numpy.float32))], "scaled")
    shape = graph.constant("shape", numpy.array([0, width, -1], numpy.int64))
    grids = []
    for i, stage in enumerate(network.stages):
        x = graph.stage(x, i, stage[0].stride[0])
        if i in networks.TAPS:
            k = len(grids)
            grids.append(graph.node("Reshape", [graph.conv(x, f"heads.{k}", f"grid{k}"), shape], f"flat{k}"))
    x = graph.node("Concat", grids, "columns", axis=2)
    x = graph.node("Transpose", [x], "cells", perm=[0, 2, 1])
    graph.node("Split", [x, graph.constant("parts", numpy.array([4, width - 4], numpy.int64))], "boxes", axis=2)
    graph.nodes[-1].output.append("scores")
    graph.node("Sigmoid", ["scores"], "probabilities")
    graph.node("Concat", ["boxes", "probabilities"], "output", axis=2)
    cells = sum((config.DETECT_SIZE // s) ** 2 for s in config.STRIDES)
    return graph.model(NAMES["detect"], config.DETECT_SIZE, [("output", [cells, width])])


BUILDERS = {"classify": classifier, "detect": detector}


def write(network, task, folder):
    """Writes the network's file into folder and returns its path."""
    path = pathlib.Path(folder) / (NAMES[task] + ".onnx")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(BUILDERS[task](network).SerializeToString())
    return path
