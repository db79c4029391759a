#include "hub/cache/cache_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "hub/cache/durable_files.hpp"
#include "hub/digest.hpp"

namespace inference_models::hub {
namespace {

/// As https://bford.info/cachedir/ has it.
constexpr std::string_view kTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This directory holds downloaded models of inference_models; it can be filled again.\n";

/// As much of a hash as names have.
constexpr std::size_t kDigits = 16;

constexpr bool is_readable_in_a_name(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

std::string slug_of(std::string_view model_id) {
    constexpr std::size_t kLongest = 48;
    std::string slug(model_id.substr(0, kLongest));
    std::ranges::replace_if(slug, [](char c) { return !is_readable_in_a_name(c); }, '-');
    return slug;
}

std::string directory_name(const ModelKey& key) {
    std::string identity = key.provider;
    identity.append(1, '\0').append(key.host).append(1, '\0').append(key.model_id);
    return fmt::format("{}-{}", slug_of(key.model_id), sha256(identity).substr(0, kDigits));
}

CompiledLayout CacheLayout::compiled(const std::filesystem::path& source) const {
    std::error_code problem;
    const std::filesystem::path canonical = std::filesystem::weakly_canonical(source, problem);
    const std::string place = (problem ? source : canonical).string();
    return CompiledLayout(all_compiled() / sha256(place).substr(0, kDigits));
}

void CacheLayout::make(const std::filesystem::path& directory) const {
    make_directories(root_);
    if (!facts_of(tag())) write_durably(tag(), kTag);
    make_directories(root_, directory.lexically_relative(root_));
}

}  // namespace inference_models::hub
