"""The options of `from_pretrained`, of which other functions take some or all."""

from __future__ import annotations

from typing import Any

from inference_models import _core

#: What says where a model comes from.
SOURCE_OPTIONS = (
    "weights_provider",
    "api_key",
    "weights_provider_extra_query_params",
    "weights_provider_extra_headers",
)

#: All that says which of a model's packages is loaded, and how.
LOAD_OPTIONS = (
    "backend",
    "model_package_id",
    "batch_size",
    "image_size",
    "rect",
    "quantization",
    "precision",
    "goal",
    "tune",
    "onnx_execution_providers",
    "device",
    "threads",
    "nms_fusion_preferences",
    "required_model_features",
    "trt_engine_host_code_allowed",
    "max_package_loading_attempts",
    *SOURCE_OPTIONS,
    "allow_untrusted_packages",
    "verify_hash_while_download",
    "download_files_without_hash",
    "use_auto_resolution_cache",
)


def load_options(function_name: str, known: tuple[str, ...], options: dict[str, Any]) -> _core.LoadOptions:
    """Options that a function of this name was called with, checked.

    Raises:
        TypeError: for one that it does not have; it names the nearest one that it has
    """
    for name in options:
        if name not in known:
            from inference_models._keyword_arguments import unexpected

            raise TypeError(unexpected(function_name, name, known))
    return _core.LoadOptions(**options)
