"""Writes the network as an ONNX file made of the few operators that both engines implement."""

import os
import pathlib

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


def build(network, properties):
    """Returns the ONNX model of a Network; properties become its metadata."""
    config = network.config
    weights = {name: tensor.detach().cpu().numpy().astype(numpy.float32) for name, tensor in network.state_dict().items()}
    constants, nodes = [], []

    def constant(name, array):
        constants.append(numpy_helper.from_array(numpy.ascontiguousarray(array), name))
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    node("Greater", ["tokens", constant("pad", numpy.array(0, numpy.int64))], "present")
    node("Cast", ["present"], "present_float", to=TensorProto.FLOAT)
    mask = node("Unsqueeze", ["present_float", constant("channel_axis", numpy.array([1], numpy.int64))], "mask0")
    node("Gather", [constant("embedding.weight", weights["embedding.weight"]), "tokens"], "embedded", axis=0)
    node("Transpose", ["embedded"], "columns", perm=[0, 2, 1])
    x = node("Mul", ["columns", mask], "masked0")
    for i, block in enumerate(config.blocks):
        number, half = i + 1, block.kernel // 2
        kernel = constant(f"conv{number}.weight", weights[f"convs.{i}.weight"])
        bias = constant(f"conv{number}.bias", weights[f"convs.{i}.bias"])
        x = node("Conv", [x, kernel, bias], f"conv{number}", kernel_shape=[block.kernel], pads=[half, half],
                 strides=[1], dilations=[1], group=1)
        x = node("Relu", [x], f"relu{number}")
        x = node("Mul", [x, mask], f"masked{number}")
        if block.pool > 1:
            shape = {"kernel_shape": [block.pool], "strides": [block.pool], "pads": [0, 0], "ceil_mode": 0}
            x = node("MaxPool", [x], f"pool{number}", **shape)
            mask = node("MaxPool", [mask], f"mask{number}", **shape)
    node("ReduceMax", [x], "peaks", axes=[2], keepdims=0)
    node("Gemm", ["peaks", constant("dense.weight", weights["dense.weight"]), constant("dense.bias", weights["dense.bias"])],
         "dense", transB=1)
    node("Relu", ["dense"], "features")
    node("Gemm", ["features", constant("head.weight", weights["head.weight"]), constant("head.bias", weights["head.bias"])],
         "logits", transB=1)

    graph = helper.make_graph(
        nodes, "limen-http",
        [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["N", "L"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", config.classes]),
         helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", config.features])],
        constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="limen")
    model.ir_version = 8
    helper.set_model_props(model, {key: str(value) for key, value in properties.items()})
    onnx.checker.check_model(model)
    return model


def write_pair(folder, model_bytes, manifest_text, name):
    """Puts name.onnx and name.json into folder; each appears whole or not at all."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, content in ((".onnx", model_bytes), (".json", manifest_text.encode())):
        temporary = folder / f".{name}{suffix}.part"
        temporary.write_bytes(content)
        os.chmod(temporary, 0o644)
        temporary.replace(folder / f"{name}{suffix}")
