#include <algorithm>
#include <array>
#include <charconv>
#include <inference_models/explanation.hpp>
#include <inference_models/types.hpp>
#include <utility>

namespace inference_models {
namespace {

template <class Enum, std::size_t size>
using Names = std::array<std::pair<Enum, std::string_view>, size>;

constexpr Names<BackendType, 5> kBackendTypes{{{BackendType::trt, "trt"},
                                               {BackendType::openvino, "openvino"},
                                               {BackendType::torch, "torch"},
                                               {BackendType::hugging_face, "hugging-face"},
                                               {BackendType::onnx, "onnx"}}};

constexpr Names<Engine, 4> kEngines{{{Engine::onnxruntime, "onnxruntime"},
                                     {Engine::torch, "torch"},
                                     {Engine::openvino, "openvino"},
                                     {Engine::tensorrt, "tensorrt"}}};

constexpr Names<Engine, 4> kEngineDisplayNames{{{Engine::onnxruntime, "ONNX Runtime"},
                                                {Engine::torch, "PyTorch"},
                                                {Engine::openvino, "OpenVINO"},
                                                {Engine::tensorrt, "TensorRT"}}};

constexpr Names<PackageFormat, 9> kPackageFormats{{{PackageFormat::onnx, "onnx"},
                                                   {PackageFormat::torch_script, "torch-script"},
                                                   {PackageFormat::pt2, "pt2"},
                                                   {PackageFormat::torch, "torch"},
                                                   {PackageFormat::hugging_face, "hugging-face"},
                                                   {PackageFormat::ultralytics, "ultralytics"},
                                                   {PackageFormat::rf_detr, "rf-detr"},
                                                   {PackageFormat::trt_engine, "trt"},
                                                   {PackageFormat::openvino_ir, "openvino-ir"}}};

constexpr Names<Precision, 4> kPrecisions{
    {{Precision::fp32, "fp32"}, {Precision::fp16, "fp16"}, {Precision::bf16, "bf16"}, {Precision::int8, "int8"}}};

constexpr Names<RequestedPrecision, 5> kRequestedPrecisions{{{RequestedPrecision::fp32, "fp32"},
                                                             {RequestedPrecision::fp16, "fp16"},
                                                             {RequestedPrecision::bf16, "bf16"},
                                                             {RequestedPrecision::int8, "int8"},
                                                             {RequestedPrecision::fastest, "fastest"}}};

constexpr Names<Goal, 4> kGoals{{{Goal::latency, "latency"},
                                 {Goal::throughput, "throughput"},
                                 {Goal::memory, "memory"},
                                 {Goal::startup, "startup"}}};

constexpr Names<AgreementVerdict, 3> kAgreementVerdicts{{{AgreementVerdict::passes, "passes"},
                                                         {AgreementVerdict::falls_short, "falls-short"},
                                                         {AgreementVerdict::proves_nothing, "proves-nothing"}}};

constexpr Names<TaskType, 7> kTaskTypes{{{TaskType::object_detection, "object-detection"},
                                         {TaskType::instance_segmentation, "instance-segmentation"},
                                         {TaskType::semantic_segmentation, "semantic-segmentation"},
                                         {TaskType::keypoint_detection, "keypoint-detection"},
                                         {TaskType::classification, "classification"},
                                         {TaskType::multi_label_classification, "multi-label-classification"},
                                         {TaskType::depth_estimation, "depth-estimation"}}};

constexpr Names<CandidateStatus, 4> kCandidateStatuses{{{CandidateStatus::chosen, "chosen"},
                                                        {CandidateStatus::usable, "usable"},
                                                        {CandidateStatus::possible, "possible"},
                                                        {CandidateStatus::rejected, "rejected"}}};

template <class Enum, std::size_t size>
std::string_view name_of(const Names<Enum, size>& names, Enum value) noexcept {
    for (const auto& [key, name] : names) {
        if (key == value) return name;
    }
    return "unknown";
}

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, lower, lower);
}

template <class Enum, std::size_t size>
std::optional<Enum> value_of(const Names<Enum, size>& names, std::string_view text) noexcept {
    for (const auto& [key, name] : names) {
        if (equal_ignoring_case(name, text)) return key;
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(BackendType value) noexcept {
    return name_of(kBackendTypes, value);
}
std::string_view to_string(Engine value) noexcept {
    return name_of(kEngines, value);
}
std::string_view to_string(PackageFormat value) noexcept {
    return name_of(kPackageFormats, value);
}
std::string_view to_string(Precision value) noexcept {
    return name_of(kPrecisions, value);
}
std::string_view to_string(RequestedPrecision value) noexcept {
    return name_of(kRequestedPrecisions, value);
}
std::string_view to_string(Goal value) noexcept {
    return name_of(kGoals, value);
}
std::string_view to_string(AgreementVerdict verdict) noexcept {
    return name_of(kAgreementVerdicts, verdict);
}
std::string_view to_string(TaskType value) noexcept {
    return name_of(kTaskTypes, value);
}
std::string_view to_string(CandidateStatus status) noexcept {
    return name_of(kCandidateStatuses, status);
}
std::string_view display_name(Engine value) noexcept {
    return name_of(kEngineDisplayNames, value);
}

std::string_view to_string(DeviceKind value) noexcept {
    return value == DeviceKind::cpu ? "cpu" : "cuda";
}

std::string to_string(const Device& value) {
    return value.kind == DeviceKind::cpu ? "cpu" : "cuda:" + std::to_string(value.index);
}

std::optional<BackendType> parse_backend_type(std::string_view text) noexcept {
    return value_of(kBackendTypes, text);
}
std::optional<Engine> parse_engine(std::string_view text) noexcept {
    return value_of(kEngines, text);
}
std::optional<Precision> parse_precision(std::string_view text) noexcept {
    return value_of(kPrecisions, text);
}
std::optional<RequestedPrecision> parse_requested_precision(std::string_view text) noexcept {
    return value_of(kRequestedPrecisions, text);
}
std::optional<Goal> parse_goal(std::string_view text) noexcept {
    return value_of(kGoals, text);
}
std::optional<TaskType> parse_task_type(std::string_view text) noexcept {
    return value_of(kTaskTypes, text);
}

std::optional<Device> parse_device(std::string_view text) noexcept {
    if (equal_ignoring_case(text, "cpu")) return Device{DeviceKind::cpu, 0};
    if (equal_ignoring_case(text, "cuda")) return Device{DeviceKind::cuda, 0};
    constexpr std::string_view kCuda = "cuda:";
    if (!equal_ignoring_case(text.substr(0, kCuda.size()), kCuda)) return std::nullopt;
    const std::string_view digits = text.substr(kCuda.size());
    std::uint32_t index = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (problem != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return Device{DeviceKind::cuda, index};
}

std::string known_backend_types() {
    std::string names;
    for (const auto& [type, name] : kBackendTypes) {
        if (!names.empty()) names += ", ";
        names += name;
    }
    return names;
}

}  // namespace inference_models
