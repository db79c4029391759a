"""Quantises an ONNX network to int8 with what it is really fed. Run by `inference-models compile --precision int8`.

Convolutions alone are quantised, statically, as pairs of QuantizeLinear and DequantizeLinear with one scale per output
channel: what makes boxes and scores of their results stays in fp32. Weights keep to seven bits: processors without VNNI
add two products in 16 bits, which eight would overflow.
"""

import argparse
import json
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, required=True, help="JSON: shape and files of float32 numbers")
    arguments = parser.parse_args()
    try:
        import numpy as np
        import onnx
        from onnxruntime.quantization import (
            CalibrationDataReader,
            CalibrationMethod,
            QuantFormat,
            QuantType,
            quantize_static,
        )
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError as missing:
        sys.exit(f"{missing}: quantising needs it, run {sys.executable} -m pip install onnx numpy onnxruntime")

    manifest = json.loads(arguments.calibration.read_text())
    directory = arguments.calibration.parent
    graph = onnx.load(arguments.input, load_external_data=False).graph
    weights = {weight.name for weight in graph.initializer}
    name = next(value.name for value in graph.input if value.name not in weights)

    class Pictures(CalibrationDataReader):
        def __init__(self) -> None:
            self._files = iter(manifest["files"])

        def get_next(self) -> dict | None:
            file = next(self._files, None)
            if file is None:
                return None
            return {name: np.fromfile(directory / file, np.float32).reshape(manifest["shape"])}

    prepared = arguments.output.with_name("prepared.onnx")
    quant_pre_process(arguments.input, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        arguments.output,
        Pictures(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )
    prepared.unlink()


if __name__ == "__main__":
    main()
