"""The words of this package that have a fixed set, as types. Each is the text that the command line and JSON use."""

from enum import Enum
from typing import Literal

#: The order of the colours of a pixel.
ColorFormat = Literal["bgr", "rgb"]


class BackendType(str, Enum):
    """What a user asks for: a set of package formats, and the engines that run them."""

    TRT = "trt"
    TORCH = "torch"
    HUGGING_FACE = "hugging-face"
    ONNX = "onnx"
    OPENVINO = "openvino"


class Quantization(str, Enum):
    """The number format in which a package is stored."""

    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"


class Precision(str, Enum):
    """What a network is computed in; `fastest` is the lowest that the processor has instructions for."""

    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"
    FASTEST = "fastest"


class Goal(str, Enum):
    """What the best of several candidates is best at, once they have been measured on this machine."""

    LATENCY = "latency"
    THROUGHPUT = "throughput"
    MEMORY = "memory"
    STARTUP = "startup"
