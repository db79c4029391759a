/* NVIDIA's management library of a machine with two GPUs, the second of which has fallen off the bus. It says where
   FAKE_NVML_LOG points whether it was shut down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

struct memory_info {
    unsigned long long total, free, used;
};

static int initialised = 0;
static int device = 0;

static void copy(char* buffer, unsigned length, const char* text) {
    strncpy(buffer, text, length - 1);
    buffer[length - 1] = '\0';
}

EXPORTED int nvmlInit_v2(void) {
    initialised = 1;
    return getenv("FAKE_NVML_FAILS") != NULL;
}

EXPORTED int nvmlShutdown(void) {
    const char* log = getenv("FAKE_NVML_LOG");
    FILE* file = log != NULL ? fopen(log, "w") : NULL;
    if (file != NULL) {
        fputs("shut down", file);
        fclose(file);
    }
    initialised = 0;
    return 0;
}

EXPORTED int nvmlSystemGetDriverVersion(char* buffer, unsigned length) {
    copy(buffer, length, "570.86.15");
    return 0;
}

EXPORTED int nvmlSystemGetCudaDriverVersion_v2(int* version) {
    *version = 12080;
    return !initialised;
}

EXPORTED int nvmlDeviceGetCount_v2(unsigned* count) {
    *count = 2;
    return 0;
}

EXPORTED int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** handle) {
    *handle = &device;
    return index == 0 ? 0 : 15;
}

EXPORTED int nvmlDeviceGetName(void* handle, char* buffer, unsigned length) {
    copy(buffer, length, "NVIDIA L4");
    return handle != &device;
}

EXPORTED int nvmlDeviceGetUUID(void* handle, char* buffer, unsigned length) {
    copy(buffer, length, "GPU-11111111-aaaa-bbbb-cccc-123456789abc");
    return handle != &device;
}

EXPORTED int nvmlDeviceGetMemoryInfo(void* handle, struct memory_info* memory) {
    memory->total = 24152899584ULL;
    memory->free = memory->total;
    memory->used = 0;
    return handle != &device;
}

EXPORTED int nvmlDeviceGetCudaComputeCapability(void* handle, int* major, int* minor) {
    *major = 8;
    *minor = 9;
    return handle != &device;
}
