"""Makes an AOTInductor package of a TorchScript file, for this machine and the PyTorch that this is run with.

    python compile.py --input weights.torchscript --output weights.pt2 --precision bf16 --batch 1 --height 640 \\
        --width 640

Needs nothing but torch and a C++ compiler. Prints what was made as one line of JSON, or says on stderr why nothing was.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import warnings
from pathlib import Path

import torch
from torch._inductor import cpp_builder
from torch._inductor.cpu_vec_isa import pick_vec_isa

# What computes in bf16 is decided as in graph_precision.cpp, for the reasons told there.
LEAST_REDUCTION = 8
CONVOLUTIONS = {"_convolution", "convolution", "conv2d"}
TRANSPARENT = {
    *("silu", "relu", "leaky_relu", "hardswish", "sigmoid", "gelu", "mish", "hardtanh", "relu6", "hardsigmoid"),
    *("add", "mul", "cat", "split", "chunk", "split_with_sizes", "slice", "getitem", "clone", "dropout", "mean"),
    *("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "upsample_nearest2d", "upsample_bilinear2d"),
    *("pad", "constant_pad_nd"),
}


class CannotCompileError(Exception):
    """What the user is told."""


class Traced(torch.nn.Module):
    """torch.export takes no ScriptModule itself, but follows a call of one."""

    def __init__(self, function):
        super().__init__()
        self.function = [function]  # in a list, so that it is no submodule

    def forward(self, images):
        return self.function[0](images)


def name_of(node):
    """`silu` of aten.silu.default; empty for what is no operator."""
    if node.op != "call_function":
        return ""
    packet = getattr(node.target, "overloadpacket", node.target)
    return packet.__name__.removesuffix(".default")


def is_tensor(node):
    value = node.meta.get("val")
    return isinstance(value, (torch.Tensor, tuple, list))


def reduction_by(node):
    """By how much an operator makes an image smaller, in one direction."""
    name = name_of(node)
    index = 3 if name in CONVOLUTIONS else 2 if name in ("max_pool2d", "avg_pool2d") else None
    strides = node.args[index] if index is not None and len(node.args) > index else None
    return max(1, min(strides)) if strides else 1


def is_convolution(node):
    return name_of(node) in CONVOLUTIONS and node.meta["val"].dim() == 4 and node.args[1].op == "get_attr"


def nodes_in_bf16(graph):
    """The operators from one convolution to the next, once an image is small."""
    reductions, possible = {}, {}  # the latter has an order
    for node in graph.nodes:
        inputs = [one for one in node.all_input_nodes if is_tensor(one) and one.op != "get_attr"]
        reduction = max((reductions[one] for one in inputs), default=1)
        reductions[node] = reduction * reduction_by(node)
        if is_convolution(node):
            is_possible = reduction >= LEAST_REDUCTION
        else:
            is_possible = name_of(node) in TRANSPARENT and inputs != [] and all(one in possible for one in inputs)
        if is_possible:
            possible[node] = None
    chosen, leading = set(), set()
    for node in reversed(possible):
        leads = node in leading
        if leads:
            chosen.add(node)
        if is_convolution(node):
            leading.add(node.args[0])
        elif leads:
            leading.update(node.all_input_nodes)
    return chosen


def lower_to_bf16(module):
    """Puts casts around the operators that compute in bf16, and gives them their weights in it."""
    graph = module.graph
    chosen = nodes_in_bf16(graph)
    if not any(is_convolution(node) for node in chosen):
        raise CannotCompileError("it has no convolutions that would be computed in bf16: ask for fp32")
    chosen.update(node for node in graph.nodes if name_of(node) == "getitem" and node.args[0] in chosen)
    in_other_type = {}
    for node in list(graph.nodes):
        for one in node.all_input_nodes:
            if one.op == "get_attr":
                if is_convolution(node) and node in chosen:
                    weight = getattr(module, one.target)
                    setattr(module, one.target, weight.bfloat16())
                continue
            value = one.meta.get("val")
            if not isinstance(value, torch.Tensor) or not value.is_floating_point():
                continue
            if (one in chosen) == (node in chosen):
                continue
            if one not in in_other_type:
                wanted = torch.bfloat16 if node in chosen else torch.float32
                with graph.inserting_after(one):
                    in_other_type[one] = graph.call_function(torch.ops.aten.to.dtype, (one, wanted))
            node.replace_input_with(one, in_other_type[one])
    module.recompile()


def exported(module, images):
    return torch.export.export(module, (images,), strict=False)


def load(path, precision, images):
    """The network as a module that torch.export follows."""
    try:
        script = torch.jit.load(str(path), map_location="cpu").eval().float()
    except (RuntimeError, ValueError) as error:
        raise CannotCompileError(f"{path} cannot be loaded: {error}") from error
    for tensor in [*script.parameters(), *script.buffers()]:
        if tensor.dim() == 4:
            tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)
    try:
        program = exported(Traced(torch.jit.freeze(script)), images).run_decompositions({})
    except Exception as error:  # torch.export throws whatever its parts throw
        raise CannotCompileError(f"{path} cannot be traced for {tuple(images.shape)}: {error}") from error
    module = program.module()
    if precision == "bf16":
        lower_to_bf16(module)
    return module


def compiler():
    try:
        return cpp_builder.get_cpp_compiler()
    except Exception as error:
        raise CannotCompileError("there is no C++ compiler: install g++, or name one in CXX") from error


def compile_package(options):
    compiler()
    images = torch.rand(options.batch, 3, options.height, options.width).contiguous(memory_format=torch.channels_last)
    settings = {
        "freezing": True,
        "aot_inductor.metadata": {
            "inference_models_input": ",".join(str(size) for size in images.shape),
            "inference_models_precision": options.precision,
        },
    }
    with torch.no_grad(), tempfile.TemporaryDirectory(dir=options.output.parent) as directory:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = directory
        made = Path(directory) / "made.pt2"
        program = exported(load(options.input, options.precision, images), images)
        torch._inductor.aoti_compile_and_package(program, package_path=str(made), inductor_configs=settings)
        made.replace(options.output)
    return {
        "torch_version": torch.__version__,
        "architecture": platform.machine(),
        "instruction_sets": str(pick_vec_isa()).split(),
        "precision": options.precision,
        "shape": list(images.shape),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    for name in ("batch", "height", "width", "threads"):
        parser.add_argument(f"--{name}", type=int, required=name != "threads")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    try:
        facts = compile_package(options)
    except (CannotCompileError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:  # whatever inductor and the compiler throw
        print(f"{options.input} cannot be compiled: {error}", file=sys.stderr)
        return 1
    print(json.dumps(facts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
