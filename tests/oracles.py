"""Independent implementations that several test files ask."""

import numpy as np
import onnx
import onnxruntime


def onnx_run(operation, inputs, opset=17, **attributes):
    """One ONNX operator, run by ONNX Runtime; an input that is None is left out."""
    names = [f"in{index}" if array is not None else "" for index, array in enumerate(inputs)]
    given = {name: array for name, array in zip(names, inputs, strict=True) if array is not None}
    describe = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(operation, names, ["out"], **attributes)],
        "one",
        [
            describe(name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for name, array in given.items()
        ],
        [describe("out", onnx.TensorProto.FLOAT, None)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=8)
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, given)[0]


def to_first(array):
    """Channels last → channels first."""
    return np.ascontiguousarray(np.moveaxis(array, -1, 1))


def to_last(array):
    return np.moveaxis(array, 1, -1)
