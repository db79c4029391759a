#pragma once

#include <caffe2/serialize/read_adapter_interface.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace inference_models::torch {

/// The file's bytes, which the core mapped.
class MemoryReader final : public caffe2::serialize::ReadAdapterInterface {
public:
    explicit MemoryReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
    [[nodiscard]] std::size_t size() const override { return bytes_.size(); }
    std::size_t read(std::uint64_t position, void* to, std::size_t count, const char* /*what*/) const override {
        if (position >= bytes_.size()) return 0;
        const auto part = bytes_.subspan(position, std::min<std::size_t>(count, bytes_.size() - position));
        std::memcpy(to, part.data(), part.size());
        return part.size();
    }

private:
    std::span<const std::byte> bytes_;
};

}  // namespace inference_models::torch
