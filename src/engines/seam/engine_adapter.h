#ifndef INFERENCE_MODELS_ENGINE_ADAPTER_H
#define INFERENCE_MODELS_ENGINE_ADAPTER_H

/* The seam between the core and the adapter of an engine: one table of C functions, obtained through one exported
 * symbol. No C++ type, exception or allocator crosses it. Both sides are written in C++ on top of it: adapters with
 * adapter_sdk.hpp, the core with ../network.hpp.
 *
 * Rules
 *  - Every struct begins with `struct_size`, set by whoever fills it. Structs only grow at their end; a reader uses a
 *    field only where `struct_size` covers it.
 *  - What a function hands out belongs to the adapter: texts, shapes and tensors stay valid as long as the object that
 *    they were asked of, or as said. What goes in is only read during the call.
 *  - Functions that can fail return NULL for success, else a failure that the caller gives back to `release_failure`.
 *  - A runtime and a network may be used by any number of threads at the same time, an execution by one at a time.
 *  - The core never closes an adapter's library.
 *
 * The seam is not stable yet: core and adapters are built and shipped together.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { IM_ADAPTER_ABI = 1 };

/* UTF-8, not terminated. */
typedef struct im_text {
    const char* data;
    size_t size;
} im_text;

enum im_failure_kind {
    IM_FAILURE_RUNTIME = 1,   /* the runtime's library cannot be used */
    IM_FAILURE_NETWORK = 2,   /* the runtime refuses this network */
    IM_FAILURE_REQUEST = 3,   /* what was asked (device, provider, precision, shape) cannot be had */
    IM_FAILURE_EXECUTION = 4, /* a run failed */
    IM_FAILURE_MEMORY = 5,    /* there is no memory for it */
};

typedef struct im_failure {
    uint32_t struct_size;
    int32_t kind; /* im_failure_kind */
    im_text message;
    im_text hint; /* may be empty */
} im_failure;

enum im_log_level { IM_LOG_DEBUG = 0, IM_LOG_INFO = 1, IM_LOG_WARNING = 2, IM_LOG_ERROR = 3 };

/* What the core gives to an adapter; stays valid for ever. */
typedef struct im_host {
    uint32_t struct_size;
    void (*log)(int32_t level, im_text message);
} im_host;

/* Numbers of enumerators follow inference_models/tensor.hpp and types.hpp: ElementType, Precision, PackageFormat,
 * DeviceKind. */
typedef struct im_device {
    int32_t kind;
    uint32_t index;
} im_device;

enum { IM_PRECISION_OF_PACKAGE = -1 };

typedef struct im_execution_provider {
    uint32_t struct_size;
    im_text name;
    size_t option_count;
    const im_text* option_names;
    const im_text* option_values;
} im_execution_provider;

typedef struct im_network_request {
    uint32_t struct_size;
    int32_t format;    /* PackageFormat */
    im_text path;      /* of the network's file; files beside it belong to it */
    const void* bytes; /* the file's bytes, mapped by the core during the call */
    size_t byte_count;
    im_device device;
    int32_t precision; /* Precision to compute in, which the engine can (see its row in the catalog), or
                          IM_PRECISION_OF_PACKAGE: what the file stores, with nothing lowered */
    uint32_t threads;  /* at most this many compute threads, >= 1 */
    size_t execution_provider_count;
    const im_execution_provider* execution_providers; /* in order of preference; none: what the device needs */
    im_text cache_directory; /* where the adapter may keep what it made of networks; empty: nowhere */
    uint32_t is_compiled;    /* 1: made by this runtime on this machine: nothing is left to optimise */
} im_network_request;

/* A dimension that a network leaves open, by its name, and the size that it is to have. */
typedef struct im_dimension {
    uint32_t struct_size;
    im_text name;
    int64_t size;
} im_dimension;

typedef struct im_compile_request {
    uint32_t struct_size;
    const im_network_request* network;
    im_text output; /* path of the file to write, in the network's own format */
    size_t dimension_count;
    const im_dimension* dimensions;
} im_compile_request;

typedef struct im_runtime_request {
    uint32_t struct_size;
    im_text library;     /* path of the runtime's library */
    im_text version;     /* what its files say; empty where they do not */
    uint32_t was_loaded; /* 1: the process had it before, so its settings are somebody else's */
} im_runtime_request;

typedef struct im_runtime_info {
    uint32_t struct_size;
    im_text version;
} im_runtime_info;

/* An input or output as the network declares it. */
typedef struct im_port {
    uint32_t struct_size;
    im_text name;
    int32_t element_type; /* ElementType */
    int32_t rank;         /* -1: unknown before a run */
    const int64_t* shape; /* -1: unknown before a run */
} im_port;

typedef struct im_network_info {
    uint32_t struct_size;
    size_t input_count;
    const im_port* inputs;
    size_t output_count;
    const im_port* outputs;
    im_device device;  /* where it really runs */
    int32_t precision; /* what it really computes in */
    uint32_t threads;  /* compute threads it was given */
} im_network_info;

/* A view of a tensor in the execution's own memory. */
typedef struct im_tensor {
    uint32_t struct_size;
    int32_t element_type;
    im_device device;
    void* data;
    uint32_t rank;
    const int64_t* shape;
    const int64_t* strides; /* in elements; NULL: dense, last dimension fastest */
} im_tensor;

typedef struct im_runtime im_runtime;
typedef struct im_network im_network;
typedef struct im_execution im_execution;

typedef struct im_adapter {
    uint32_t struct_size;
    uint32_t abi;   /* IM_ADAPTER_ABI */
    im_text engine; /* `onnxruntime` */

    void (*release_failure)(const im_failure* failure);

    /* Opens the runtime's library. Never closed. */
    const im_failure* (*open_runtime)(const im_runtime_request* request, im_runtime** runtime);
    void (*runtime_info)(const im_runtime* runtime, im_runtime_info* info);

    const im_failure* (*load_network)(im_runtime* runtime, const im_network_request* request, im_network** network);
    void (*network_info)(const im_network* network, im_network_info* info);
    void (*release_network)(im_network* network);

    /* A slot to run in, with memory of its own. The network must outlive it. */
    const im_failure* (*create_execution)(im_network* network, im_execution** execution);
    /* Writable input in the slot's memory, valid until asked again with another shape. */
    const im_failure* (*input)(im_execution* execution, size_t index, const int64_t* shape, uint32_t rank,
                               im_tensor* view);
    const im_failure* (*run)(im_execution* execution);
    /* After a run. Networks that return dictionaries or nested tuples are flattened in order. */
    size_t (*output_count)(const im_execution* execution);
    /* Valid until the next run or release. */
    const im_failure* (*output)(im_execution* execution, size_t index, im_tensor* view);
    void (*release_execution)(im_execution* execution);

    /* Writes the network as it is after all that can be done to it ahead of a run on this machine. */
    const im_failure* (*compile_network)(im_runtime* runtime, const im_compile_request* request);
} im_adapter;

/* The one exported symbol of an adapter: `inference_models_adapter`. NULL: it does not speak this ABI. */
typedef const im_adapter* (*im_adapter_entry)(uint32_t abi, const im_host* host);

#ifdef __cplusplus
}
#endif

#endif
