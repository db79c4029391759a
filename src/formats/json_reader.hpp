#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <inference_models/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inference_models::formats {

/// The names that a field may hold, and what they mean.
template <class Enum, std::size_t size>
using Choices = std::array<std::pair<std::string_view, Enum>, size>;

/// A value inside of a JSON document that knows where it stands, so that whatever is wrong with it is named as
/// `SOURCE: path.of.the.field`. Every reader throws Error `corrupted_package` where the value is not what it wants.
class JsonValue {
public:
    /// A member of this object. One that is null counts as absent: that is how packages write "not stated".
    [[nodiscard]] std::optional<JsonValue> find(std::string_view name) const;
    [[nodiscard]] JsonValue at(std::string_view name) const;
    /// All that are not null, for objects whose names are data.
    [[nodiscard]] std::vector<std::pair<std::string, JsonValue>> members() const;

    [[nodiscard]] bool boolean() const;
    /// A whole number; 640.0 is one too.
    [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most) const;
    [[nodiscard]] double number() const;
    [[nodiscard]] const std::string& text() const;
    [[nodiscard]] std::vector<JsonValue> elements() const;
    void expect_object() const;
    /// As JSON, for another reader.
    [[nodiscard]] std::string dump() const;

    [[nodiscard]] bool is_object() const noexcept;
    [[nodiscard]] bool is_boolean() const noexcept;
    /// The value itself as JSON, without white space.
    [[nodiscard]] std::string compact_text() const;

    template <class Enum, std::size_t size>
    [[nodiscard]] Enum choice(const Choices<Enum, size>& choices) const {
        const std::string& word = text();
        std::vector<std::string_view> known;
        for (const auto& [name, value] : choices) {
            if (name == word) return value;
            known.push_back(name);
        }
        throw error(fmt::format("is `{}`, which is not known", word),
                    fmt::format("Known are: {}.", fmt::join(known, ", ")));
    }

    /// `corrupted_package` about this value: `SOURCE: FIELD WHAT`.
    [[nodiscard]] Error error(std::string_view what, std::string hint = "Correct this field.") const;

    friend JsonValue parse_json(std::string_view text, const std::string& source);

private:
    struct Document;
    JsonValue(std::shared_ptr<const Document> document, const nlohmann::json& value, std::string field);
    [[nodiscard]] Error wrong_type(std::string_view wanted) const;
    [[nodiscard]] std::string field_of(std::string_view member) const;

    std::shared_ptr<const Document> document_;
    const nlohmann::json* value_;  ///< inside of the document
    std::string field_;            ///< `network_input.training_input_size.height`; empty for the whole document
};

/// The object that a JSON file holds.
/// \throws Error `corrupted_package` where it is not JSON, not an object, repeats a key, or is too large or too deep
[[nodiscard]] JsonValue read_json_file(const std::filesystem::path& path);

/// The same of a text that is no file.
/// \param source  for messages: where it comes from
[[nodiscard]] JsonValue parse_json(std::string_view text, const std::string& source);

}  // namespace inference_models::formats
