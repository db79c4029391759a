"""A YOLOv8 network that takes any size, made of one that takes a single size: with the same weights."""

from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper

STRIDES = (8, 16, 32)


def make_dynamic(source: Path, target: Path) -> Path:
    """Frees batch, height and width of Ultralytics' export, whose head holds the shape in constants.

    Reshapes take what is there, and the anchors' centres and strides are computed from the feature maps.
    """
    model = onnx.load(source)
    graph = model.graph
    for value in (graph.input[0], graph.output[0]):
        del value.type.tensor_type.shape.dim[:]
    for symbol in ("batch", 3, "height", "width"):
        set_dimension(graph.input[0], symbol)
    for symbol in ("batch", 84, "anchors"):
        set_dimension(graph.output[0], symbol)
    del graph.value_info[:]

    head = "/model.22"
    free_reshapes(
        graph,
        {
            f"{head}/Constant_output_0": (0, 64, -1),
            f"{head}/Constant_3_output_0": (0, 80, -1),
            f"{head}/dfl/Constant_output_0": (0, 4, 16, -1),
            f"{head}/dfl/Constant_1_output_0": (0, 4, -1),
        },
    )
    anchors = anchor_nodes([f"{head}/cv2.{level}/cv2.{level}.2/Conv_output_0" for level in range(3)])
    # The nodes before which the computed anchors stand in for the constants.
    renamed = {f"{head}/Constant_12_output_0": "centres", f"{head}/Constant_13_output_0": "centres",
               f"{head}/Constant_15_output_0": "strides"}  # fmt: skip
    first = next(i for i, node in enumerate(graph.node) if set(node.input) & set(renamed))
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)
    nodes = list(graph.node)
    constants = [each for each in graph.initializer if each.name not in renamed]
    del graph.initializer[:]
    graph.initializer.extend(constants)
    del graph.node[:]
    graph.node.extend([*nodes[:first], *anchors, *nodes[first:]])
    onnx.checker.check_model(model)
    onnx.save(model, target)
    return target


def set_dimension(value: onnx.ValueInfoProto, size: int | str) -> None:
    dimension = value.type.tensor_type.shape.dim.add()
    if isinstance(size, str):
        dimension.dim_param = size
    else:
        dimension.dim_value = size


def free_reshapes(graph: onnx.GraphProto, shapes: dict[str, tuple[int, ...]]) -> None:
    constants = {each.name: each for each in graph.initializer}
    for name, shape in shapes.items():
        constants[name].CopyFrom(onnx.numpy_helper.from_array(np.array(shape, np.int64), name))


def anchor_nodes(feature_maps: list[str]) -> list[onnx.NodeProto]:
    """`centres` [1, 2, anchors], x and y in cells, and `strides` [1, anchors]: row by row, one map after the other."""
    nodes = []

    def node(operator, inputs, output, **attributes):
        nodes.append(onnx.helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(name, value):
        tensor = onnx.numpy_helper.from_array(np.asarray(value), name)
        return node("Constant", [], name, value=tensor)

    zero, one = constant("zero", np.int64(0)), constant("one", np.int64(1))
    half, row = constant("half", np.float32(0.5)), constant("row", np.array([1, 1, -1]))
    line = constant("line", np.array([1, -1]))
    centres, strides = [], []
    for level, (feature_map, stride) in enumerate(zip(feature_maps, STRIDES, strict=True)):
        name = f"anchors.{level}."
        shape = node("Shape", [feature_map], name + "shape")
        sides = {}
        for axis, side in ((2, "height"), (3, "width")):
            index = constant(name + side + ".index", np.int64(axis))
            sides[side] = node("Gather", [shape, index], name + side)
            numbers = node("Range", [zero, sides[side], one], name + side + ".numbers")
            floats = node("Cast", [numbers], name + side + ".floats", to=onnx.TensorProto.FLOAT)
            sides[side + ".cells"] = node("Add", [floats, half], name + side + ".cells")
        across = node("Unsqueeze", [sides["width.cells"], constant(name + "first", np.array([0]))], name + "across")
        down = node("Unsqueeze", [sides["height.cells"], constant(name + "second", np.array([1]))], name + "down")
        lengths = [node("Unsqueeze", [sides[side], constant(name + side + ".axis", np.array([0]))], name + side + ".1")
                   for side in ("height", "width")]  # fmt: skip
        cells = node("Concat", lengths, name + "map", axis=0)
        grid = [node("Reshape", [node("Expand", [part, cells], name + axis), row], name + axis + ".row")
                for axis, part in (("x", across), ("y", down))]  # fmt: skip
        centres.append(node("Concat", grid, name + "centres", axis=1))
        map_of_strides = node("Expand", [constant(name + "stride", np.float32(stride)), cells], name + "strides.map")
        strides.append(node("Reshape", [map_of_strides, line], name + "strides"))
    node("Concat", centres, "centres", axis=2)
    node("Concat", strides, "strides", axis=1)
    return nodes
