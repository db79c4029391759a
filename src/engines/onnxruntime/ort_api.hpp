#pragma once

#include <cstddef>
#include <cstdint>

/// The part of ONNX Runtime's C function table that this adapter calls.
///
/// No wheel ships headers, and none are needed: `OrtApi` is an append-only table of function pointers, so that an index
/// means the same function in every later version. Indices and signatures follow the release headers of the versions
/// named behind them; `GetApi` is asked for the lowest version that has all of them.
namespace inference_models::onnxruntime {

/// The API version that this adapter asks for: 1.16's, which every function below is part of.
inline constexpr std::uint32_t kApiVersion = 16;

struct OrtStatus;
struct OrtEnv;
struct OrtSession;
struct OrtSessionOptions;
struct OrtRunOptions;
struct OrtAllocator;
struct OrtMemoryInfo;
struct OrtValue;
struct OrtTypeInfo;
struct OrtTensorTypeAndShapeInfo;
struct OrtCudaProviderOptionsV2;
struct OrtTensorRtProviderOptionsV2;

/// ONNXTensorElementDataType
enum class OrtElementType : int {
    float32 = 1,
    uint8 = 2,
    int8 = 3,
    uint16 = 4,
    int16 = 5,
    int32 = 6,
    int64 = 7,
    boolean = 9,
    float16 = 10,
    float64 = 11,
    uint32 = 12,
    uint64 = 13,
    bfloat16 = 16,
};

inline constexpr int kLoggingWarning = 2;  ///< OrtLoggingLevel
inline constexpr int kLoggingError = 3;
inline constexpr int kOptimizeAll = 99;  ///< GraphOptimizationLevel
inline constexpr int kOptimizeNothing = 0;
inline constexpr int kExecuteSequentially = 0;  ///< ExecutionMode
inline constexpr int kArenaAllocator = 1;       ///< OrtAllocatorType
inline constexpr int kDefaultMemory = 0;        ///< OrtMemType

using OrtLoggingFunction = void (*)(void* parameter, int severity, const char* category, const char* log_id,
                                    const char* code_location, const char* message);

/// A function of the table: its index and its signature.
template <std::size_t index, class Signature>
struct Function;

template <std::size_t index, class Result, class... Arguments>
struct Function<index, Result(Arguments...)> {
    using Pointer = Result (*)(Arguments...);
    Result operator()(Arguments... arguments) const { return pointer(arguments...); }
    Pointer pointer = nullptr;
    void bind(void* const* table) { pointer = reinterpret_cast<Pointer>(table[index]); }
};

/// The functions that are called, under their official names.
struct Api {
    explicit Api(void* const* table);

    Function<2, const char*(const OrtStatus*)> GetErrorMessage;
    Function<4, OrtStatus*(OrtLoggingFunction, void*, int, const char*, OrtEnv**)> CreateEnvWithCustomLogger;
    Function<7, OrtStatus*(const OrtEnv*, const char*, const OrtSessionOptions*, OrtSession**)> CreateSession;
    Function<8, OrtStatus*(const OrtEnv*, const void*, std::size_t, const OrtSessionOptions*, OrtSession**)>
        CreateSessionFromArray;
    Function<9, OrtStatus*(OrtSession*, const OrtRunOptions*, const char* const*, const OrtValue* const*, std::size_t,
                           const char* const*, std::size_t, OrtValue**)>
        Run;
    Function<10, OrtStatus*(OrtSessionOptions**)> CreateSessionOptions;
    Function<11, OrtStatus*(OrtSessionOptions*, const char*)> SetOptimizedModelFilePath;
    Function<13, OrtStatus*(OrtSessionOptions*, int)> SetSessionExecutionMode;
    Function<22, OrtStatus*(OrtSessionOptions*, int)> SetSessionLogSeverityLevel;
    Function<23, OrtStatus*(OrtSessionOptions*, int)> SetSessionGraphOptimizationLevel;
    Function<24, OrtStatus*(OrtSessionOptions*, int)> SetIntraOpNumThreads;
    Function<25, OrtStatus*(OrtSessionOptions*, int)> SetInterOpNumThreads;
    Function<30, OrtStatus*(const OrtSession*, std::size_t*)> SessionGetInputCount;
    Function<31, OrtStatus*(const OrtSession*, std::size_t*)> SessionGetOutputCount;
    Function<33, OrtStatus*(const OrtSession*, std::size_t, OrtTypeInfo**)> SessionGetInputTypeInfo;
    Function<34, OrtStatus*(const OrtSession*, std::size_t, OrtTypeInfo**)> SessionGetOutputTypeInfo;
    Function<36, OrtStatus*(const OrtSession*, std::size_t, OrtAllocator*, char**)> SessionGetInputName;
    Function<37, OrtStatus*(const OrtSession*, std::size_t, OrtAllocator*, char**)> SessionGetOutputName;
    Function<49, OrtStatus*(const OrtMemoryInfo*, void*, std::size_t, const std::int64_t*, std::size_t, OrtElementType,
                            OrtValue**)>
        CreateTensorWithDataAsOrtValue;
    Function<51, OrtStatus*(OrtValue*, void**)> GetTensorMutableData;
    Function<55, OrtStatus*(const OrtTypeInfo*, const OrtTensorTypeAndShapeInfo**)> CastTypeInfoToTensorInfo;
    Function<60, OrtStatus*(const OrtTensorTypeAndShapeInfo*, OrtElementType*)> GetTensorElementType;
    Function<61, OrtStatus*(const OrtTensorTypeAndShapeInfo*, std::size_t*)> GetDimensionsCount;
    Function<62, OrtStatus*(const OrtTensorTypeAndShapeInfo*, std::int64_t*, std::size_t)> GetDimensions;
    Function<65, OrtStatus*(const OrtValue*, OrtTensorTypeAndShapeInfo**)> GetTensorTypeAndShape;
    Function<69, OrtStatus*(int, int, OrtMemoryInfo**)> CreateCpuMemoryInfo;
    Function<76, OrtStatus*(OrtAllocator*, void*)> AllocatorFree;
    Function<78, OrtStatus*(OrtAllocator**)> GetAllocatorWithDefaultOptions;
    Function<93, void(OrtStatus*)> ReleaseStatus;
    Function<95, void(OrtSession*)> ReleaseSession;
    Function<96, void(OrtValue*)> ReleaseValue;
    Function<98, void(OrtTypeInfo*)> ReleaseTypeInfo;
    Function<99, void(OrtTensorTypeAndShapeInfo*)> ReleaseTensorTypeAndShapeInfo;
    Function<100, void(OrtSessionOptions*)> ReleaseSessionOptions;
    Function<124, OrtStatus*(OrtSessionOptions*, const char*, std::int64_t)> AddFreeDimensionOverrideByName;
    Function<125, OrtStatus*(char***, int*)> GetAvailableProviders;
    Function<126, OrtStatus*(char**, int)> ReleaseAvailableProviders;
    Function<130, OrtStatus*(OrtSessionOptions*, const char*, const char*)> AddSessionConfigEntry;
    Function<170, OrtStatus*(OrtSessionOptions*, const OrtTensorRtProviderOptionsV2*)>
        SessionOptionsAppendExecutionProvider_TensorRT_V2;
    Function<171, OrtStatus*(OrtTensorRtProviderOptionsV2**)> CreateTensorRTProviderOptions;
    Function<172, OrtStatus*(OrtTensorRtProviderOptionsV2*, const char* const*, const char* const*, std::size_t)>
        UpdateTensorRTProviderOptions;
    Function<174, void(OrtTensorRtProviderOptionsV2*)> ReleaseTensorRTProviderOptions;
    Function<204, OrtStatus*(OrtSessionOptions*, const OrtCudaProviderOptionsV2*)>
        SessionOptionsAppendExecutionProvider_CUDA_V2;
    Function<205, OrtStatus*(OrtCudaProviderOptionsV2**)> CreateCUDAProviderOptions;
    Function<206, OrtStatus*(OrtCudaProviderOptionsV2*, const char* const*, const char* const*, std::size_t)>
        UpdateCUDAProviderOptions;
    Function<208, void(OrtCudaProviderOptionsV2*)> ReleaseCUDAProviderOptions;
    Function<216, OrtStatus*(OrtSessionOptions*, const char*, const char* const*, const char* const*, std::size_t)>
        SessionOptionsAppendExecutionProvider;
};

inline Api::Api(void* const* table) {
    const auto bind = [table](auto&... functions) { (functions.bind(table), ...); };
    bind(GetErrorMessage, CreateEnvWithCustomLogger, CreateSession, CreateSessionFromArray, Run, CreateSessionOptions,
         SetOptimizedModelFilePath, SetSessionExecutionMode, SetSessionLogSeverityLevel,
         SetSessionGraphOptimizationLevel, SetIntraOpNumThreads, SetInterOpNumThreads, SessionGetInputCount,
         SessionGetOutputCount, SessionGetInputTypeInfo, SessionGetOutputTypeInfo, SessionGetInputName,
         SessionGetOutputName, CreateTensorWithDataAsOrtValue, GetTensorMutableData, CastTypeInfoToTensorInfo,
         GetTensorElementType, GetDimensionsCount, GetDimensions, GetTensorTypeAndShape, CreateCpuMemoryInfo,
         AllocatorFree, GetAllocatorWithDefaultOptions, ReleaseStatus, ReleaseSession, ReleaseValue, ReleaseTypeInfo,
         ReleaseTensorTypeAndShapeInfo, ReleaseSessionOptions, AddFreeDimensionOverrideByName, GetAvailableProviders,
         ReleaseAvailableProviders, AddSessionConfigEntry, SessionOptionsAppendExecutionProvider_TensorRT_V2,
         CreateTensorRTProviderOptions, UpdateTensorRTProviderOptions, ReleaseTensorRTProviderOptions,
         SessionOptionsAppendExecutionProvider_CUDA_V2, CreateCUDAProviderOptions, UpdateCUDAProviderOptions,
         ReleaseCUDAProviderOptions, SessionOptionsAppendExecutionProvider);
}

/// What `OrtGetApiBase` returns; frozen since 1.0.
struct OrtApiBase {
    void* const* (*GetApi)(std::uint32_t version);
    const char* (*GetVersionString)();
};

}  // namespace inference_models::onnxruntime
