"""Writes the trained student as ONNX, node by node.

    python export.py --checkpoint run/checkpoint.pt --version 0.1.0 --out t1-tissue.onnx

The graph is written by hand rather than traced: it is short, the same weights
give the same bytes, and the shape arithmetic stays readable.

The network runs twice with the same weights, on the head and on its mirror image
moved by a voxel along each axis: anatomy has no preferred side and the 2x2x2
blocks no preferred corner, and the mean of the two is closer to the teacher than
either (about 0.006 of Dice on heads that were never seen).
"""
import argparse
import pathlib

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from model import CLASSES, DILATIONS, MULTIPLE, TAIL_DILATIONS

OPSET = 17


def build(weights, meta):
    nodes, consts = [], []
    tag = ""  # "mirror." while the second pass is written: names must differ, weights are shared

    def const(name, value, dtype):
        if any(c.name == name for c in consts):
            return name
        consts.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def add(op, inputs, output, **attributes):
        output = tag + output
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def conv(x, name, output, dilation=1, identity=False):
        kernel = weights[f"{name}.weight"].float().numpy().copy()
        if identity:
            # x + conv(x) is one convolution with 1 added at the kernel's centre:
            # the graph then needs neither an Add nor a third buffer.
            for c in range(len(kernel)):
                kernel[c, c, 1, 1, 1] += 1
        w = const(f"{name}.weight", kernel, np.float32)
        b = const(f"{name}.bias", weights[f"{name}.bias"].float().numpy(), np.float32)
        return add("Conv", [x, w, b], output, kernel_shape=[3] * 3, pads=[dilation] * 6, dilations=[dilation] * 3)

    def residual(x, name, dilation=1):
        return add("Relu", [conv(x, name, f"{name}.conv", dilation, identity=True)], f"{name}.relu")

    def pool(x, output):
        return add("AveragePool", [x], output, kernel_shape=[2] * 3, strides=[2] * 3)

    scales = const("scales", [1, 1, 2, 2, 2], np.float32)

    def up(x, output):
        return add("Resize", [x, "", scales], output, mode="nearest",
                   coordinate_transformation_mode="asymmetric", nearest_mode="floor")

    def shape(parts, output):
        return add("Concat", parts, output, axis=0)

    # Shape arithmetic: d, h, w of the half-resolution grid.
    one, two = const("one", [1], np.int64), const("two", [2], np.int64)
    add("Shape", ["t1"], "t1.shape", start=2)
    add("Div", ["t1.shape", two], "half.shape")
    zero, three = const("zero", [0], np.int64), const("three", [3], np.int64)
    cuts = [zero, one, two, three]
    d, h, w = (add("Slice", ["half.shape", cuts[i], cuts[i + 1], zero], f"half.{n}") for i, n in enumerate("dhw"))

    eight = const("eight", [8], np.int64)
    classes = const("classes", [CLASSES], np.int64)
    fold_split = shape([one, d, two, h, two, w, two], "fold.split")
    fold_shape = shape([one, eight, d, h, w], "fold.shape")
    unfold_split = shape([two, two, two, classes, d, h, w], "unfold.split")
    unfold_shape = shape([one, classes, "t1.shape"], "unfold.shape")

    def probabilities(image):
        """image [1,1,D,H,W] -> [1,classes,D,H,W]."""
        x = add("Reshape", [image, fold_split], "fold.blocks")
        x = add("Transpose", [x], "fold.moved", perm=[0, 2, 4, 6, 1, 3, 5])
        x = add("Reshape", [x, fold_shape], "fold")
        half = residual(add("Relu", [conv(x, "stem", "stem.conv")], "stem.relu"), "h1")
        quarter = residual(pool(half, "quarter.pool"), "q1")
        eighth = pool(quarter, "eighth.pool")
        for i, dilation in enumerate(DILATIONS):
            eighth = residual(eighth, f"e.{i}", dilation)
        quarter = residual(add("Add", [quarter, up(eighth, "quarter.up")], "quarter.skip"), "uq")
        half = residual(add("Add", [half, up(quarter, "half.up")], "half.skip"), "uh")
        y = add("Reshape", [conv(half, "out", "out.conv"), unfold_split], "unfold.blocks")
        y = add("Transpose", [y], "unfold.moved", perm=[3, 4, 0, 5, 1, 6, 2])
        scores = add("Reshape", [y, unfold_shape], "scores")
        y = add("Concat", [image, scores], "tail.in", axis=1)
        for i, dilation in enumerate(TAIL_DILATIONS):
            y = add("Relu", [conv(y, f"tail.{i}", f"tail.{i}.conv", dilation)], f"tail.{i}.relu")
        y = add("Add", [scores, conv(y, "correction", "correction.conv")], "score")
        return add("Softmax", [y], "probability", axis=1)

    straight = probabilities("t1")

    tag = "mirror."
    back = [const("minus one", [-1], np.int64), const("before all", [-2**62], np.int64)]
    space = const("space", [2, 3, 4], np.int64)
    first, last = const("first", [0] * 3, np.int64), const("last", [-1] * 3, np.int64)
    second, end = const("second", [1] * 3, np.int64), const("end", [2**62] * 3, np.int64)
    nothing = const("nothing", 0, np.float32)

    def flip(x, output):
        """Left for right: axis D."""
        return add("Slice", [x, back[0], back[1], two, back[0]], output)

    def moved(x, output, kept, pads):
        """Drops a plane at one end of each axis and adds zeros at the other."""
        x = add("Slice", [x, *kept, space], output + ".kept")
        return add("Pad", [x, const(output + ".pads", pads, np.int64), nothing], output)

    image = moved(flip("t1", "image"), "forth", (first, last), [0, 0, 1, 1, 1, 0, 0, 0, 0, 0])
    mirrored = flip(moved(probabilities(image), "back", (second, end), [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]), "moved back")
    tag = ""
    add("Add", [straight, mirrored], "mean")

    add("ArgMax", ["mean"], "label64", axis=1, keepdims=0)
    add("Cast", ["label64"], "label8", to=TensorProto.UINT8)
    add("Reshape", ["label8", "t1.shape"], "labels")

    graph = helper.make_graph(
        nodes, "t1-tissue",
        [helper.make_tensor_value_info("t1", TensorProto.FLOAT, [1, 1, "D", "H", "W"])],
        [helper.make_tensor_value_info("labels", TensorProto.UINT8, ["D", "H", "W"])],
        consts)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                              producer_name="medhive", ir_version=8)
    model.doc_string = "T1 head to white and grey matter. NOT FOR CLINICAL USE."
    helper.set_model_props(model, meta)
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--checkpoint", required=True)
    p.add_argument("--version", required=True)
    p.add_argument("--out", required=True, type=pathlib.Path)
    a = p.parse_args()
    state = torch.load(a.checkpoint, weights_only=False, map_location="cpu")
    model = build(state["average"], {
        "id": "t1-tissue",
        "version": a.version,
        "license": "Apache-2.0",
        "labels": "0 background, 1 white matter, 2 grey matter",
        "input": "T1-weighted head, 1 mm isotropic, axes L I A, scaled min-max to 0..1",
        "pad_multiple": str(MULTIPLE),
        "steps": str(state["step"]),
        "intended_use": "demonstration, research, engineering tests; NOT FOR CLINICAL USE",
    })
    onnx.save(model, a.out)
    print(a.out.name, a.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
