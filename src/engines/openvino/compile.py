"""Makes OpenVINO's own form of an ONNX network, for one number and size of images. Run by `inference-models compile`.

Weights stay in fp32: what is computed in is said when the network is loaded.
"""

import argparse

import openvino


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--precision", choices=("fp32", "bf16", "int8"), required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--height", type=int, required=True)
    parser.add_argument("--width", type=int, required=True)
    arguments = parser.parse_args()

    model = openvino.Core().read_model(arguments.input)
    images = model.input(0)
    shape = images.partial_shape
    channels_last = shape.rank.is_static and shape[1] != 3 and shape[3] == 3
    sides = [arguments.height, arguments.width]
    model.reshape({images: [arguments.batch, *sides, 3] if channels_last else [arguments.batch, 3, *sides]})
    openvino.save_model(model, arguments.output, compress_to_fp16=False)


if __name__ == "__main__":
    main()
