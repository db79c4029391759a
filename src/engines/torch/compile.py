"""Makes an AOTInductor package of a TorchScript file, for this machine and the PyTorch that this is run with.

    python compile.py --input weights.torchscript --output weights.pt2 --precision fp32 --batch 1 --height 640 \\
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


class CannotCompileError(Exception):
    """What the user is told."""


class Traced(torch.nn.Module):
    """torch.export takes no ScriptModule itself, but follows a call of one."""

    def __init__(self, function):
        super().__init__()
        self.function = [function]  # in a list, so that it is no submodule

    def forward(self, images):
        return self.function[0](images)


def exported(module, images):
    return torch.export.export(module, (images,), strict=False)


def load(path, images):
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
    return program.module()


def compiler():
    try:
        return cpp_builder.get_cpp_compiler()
    except Exception as error:
        raise CannotCompileError("there is no C++ compiler: install g++, or name one in CXX") from error


def compile_package(options):
    if options.precision != "fp32":
        raise CannotCompileError(
            "a package compiled in bf16 is slower and less exact than the TorchScript file itself in bf16: "
            "load that with precision=bf16"
        )
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
        program = exported(load(options.input, images), images)
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
