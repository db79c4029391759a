#pragma once

/// Everything that a C++ user needs.

#include <inference_models/agreement.hpp>
#include <inference_models/auto_model.hpp>
#include <inference_models/benchmark.hpp>
#include <inference_models/compare_detections.hpp>
#include <inference_models/compile.hpp>
#include <inference_models/detections.hpp>
#include <inference_models/download_progress.hpp>
#include <inference_models/engine_build.hpp>
#include <inference_models/error.hpp>
#include <inference_models/explanation.hpp>
#include <inference_models/hub_server.hpp>
#include <inference_models/image.hpp>
#include <inference_models/load_options.hpp>
#include <inference_models/log.hpp>
#include <inference_models/model.hpp>
#include <inference_models/model_cache.hpp>
#include <inference_models/model_metadata.hpp>
#include <inference_models/object_detection_model.hpp>
#include <inference_models/recommendation.hpp>
#include <inference_models/runtime_description.hpp>
#include <inference_models/tensor.hpp>
#include <inference_models/types.hpp>
#include <inference_models/version.hpp>
#include <inference_models/weights_provider.hpp>
