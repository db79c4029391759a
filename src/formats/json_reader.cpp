#include "formats/json_reader.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "formats/file_kind.hpp"
#include "formats/package_files.hpp"

namespace inference_models::formats {
namespace {

using nlohmann::json;

constexpr int kDeepest = 64;

/// Says why a file is no good; the caller knows its path.
struct Malformed {
    std::string what;
};

/// Refuses what a parser would let through: a key that stands twice (which of the two counts?) and endless nesting.
class Strictness {
public:
    bool operator()(int depth, json::parse_event_t event, json& parsed) {
        using Event = json::parse_event_t;
        if (depth > kDeepest) throw Malformed{fmt::format("is nested more than {} levels deep", kDeepest)};
        if (event == Event::object_start) keys_.emplace_back();
        if (event == Event::object_end) keys_.pop_back();
        if (event == Event::key && !keys_.back().insert(parsed.get<std::string>()).second) {
            throw Malformed{fmt::format("states `{}` twice", parsed.get<std::string>())};
        }
        return true;
    }

private:
    std::vector<std::set<std::string>> keys_;  ///< of each object that is open
};

/// `line 3, column 7` of the first byte that makes no sense.
std::string place_of(std::string_view text, std::size_t byte) {
    const std::string_view before = text.substr(0, byte > 0 ? byte - 1 : 0);
    const auto line = 1 + std::ranges::count(before, '\n');
    const std::size_t start_of_line = before.rfind('\n') + 1;  // npos + 1 is 0
    return fmt::format("line {}, column {}", line, before.size() - start_of_line + 1);
}

Error corrupted(const std::string& source, std::string_view what, std::string hint) {
    return {ErrorKind::corrupted_package, source, fmt::format("{} {}", source, what), std::move(hint)};
}

json parse(std::string_view text, const std::string& source) {
    try {
        return json::parse(text, Strictness{});
    } catch (const Malformed& problem) {
        throw corrupted(source, problem.what, "Write each key once, as the package's maker wrote it.");
    } catch (const json::parse_error& problem) {
        const FileKind kind = recognise(std::as_bytes(std::span(text)));
        const bool is_foreign = kind != FileKind::unknown && kind != FileKind::json;
        throw corrupted(source,
                        is_foreign ? fmt::format("is not JSON; it looks like {}", name_of(kind))
                                   : fmt::format("is not valid JSON at {}", place_of(text, problem.byte)),
                        is_foreign ? std::string(remedy_for(kind)) : "Mend it there, or take the file again.");
    } catch (const json::exception& problem) {  // a number too large for any type
        throw corrupted(source, fmt::format("cannot be read as JSON: {}", problem.what()), "Mend it there.");
    }
}

}  // namespace

struct JsonValue::Document {
    std::string source;
    json root;
};

JsonValue::JsonValue(std::shared_ptr<const Document> document, const json& value, std::string field)
    : document_(std::move(document)), value_(&value), field_(std::move(field)) {}

std::string JsonValue::field_of(std::string_view member) const {
    return field_.empty() ? std::string(member) : fmt::format("{}.{}", field_, member);
}

std::optional<JsonValue> JsonValue::find(std::string_view name) const {
    expect_object();
    const auto member = value_->find(name);
    if (member == value_->end() || member->is_null()) return std::nullopt;
    return JsonValue(document_, *member, field_of(name));
}

JsonValue JsonValue::at(std::string_view name) const {
    std::optional<JsonValue> member = find(name);
    if (member) return *std::move(member);
    throw JsonValue(document_, *value_, field_of(name)).error("is missing", "Add it to the file.");
}

std::vector<std::pair<std::string, JsonValue>> JsonValue::members() const {
    expect_object();
    std::vector<std::pair<std::string, JsonValue>> members;
    for (const auto& [name, member] : value_->items()) {
        if (!member.is_null()) members.emplace_back(name, JsonValue(document_, member, field_of(name)));
    }
    return members;
}

bool JsonValue::boolean() const {
    if (!value_->is_boolean()) throw wrong_type("true or false");
    return value_->get<bool>();
}

std::int64_t JsonValue::integer(std::int64_t least, std::int64_t most) const {
    const double value = number();
    if (value != std::floor(value)) throw wrong_type("a whole number");
    // Compared as they are written: beyond 2^53 a double no longer tells whole numbers apart.
    const bool is_exact = value_->is_number_integer() && !(value_->is_number_unsigned() && value > 9.2e18);
    const bool fits = is_exact ? value_->get<std::int64_t>() >= least && value_->get<std::int64_t>() <= most
                               : value >= static_cast<double>(least) && value <= static_cast<double>(most);
    if (!fits) throw error(fmt::format("is {}; it must be {} to {}", value_->dump(), least, most));
    return is_exact ? value_->get<std::int64_t>() : static_cast<std::int64_t>(value);
}

double JsonValue::number() const {
    if (!value_->is_number()) throw wrong_type("a number");
    return value_->get<double>();
}

const std::string& JsonValue::text() const {
    if (!value_->is_string()) throw wrong_type("a text");
    return value_->get_ref<const std::string&>();
}

std::vector<JsonValue> JsonValue::elements() const {
    if (!value_->is_array()) throw wrong_type("a list");
    std::vector<JsonValue> elements;
    for (const json& element : *value_) {
        elements.push_back(JsonValue(document_, element, fmt::format("{}[{}]", field_, elements.size())));
    }
    return elements;
}

std::string JsonValue::compact_text() const {
    return value_->dump();
}

bool JsonValue::is_object() const noexcept {
    return value_->is_object();
}

bool JsonValue::is_boolean() const noexcept {
    return value_->is_boolean();
}

void JsonValue::expect_object() const {
    if (!value_->is_object()) throw wrong_type("an object");
}

std::string JsonValue::dump() const {
    return value_->dump();
}

Error JsonValue::wrong_type(std::string_view wanted) const {
    return error(fmt::format("is of type {}; it must be {}", value_->type_name(), wanted));
}

Error JsonValue::error(std::string_view what, std::string hint) const {
    const std::string& source = document_->source;
    const std::string subject = field_.empty() ? source : fmt::format("{}: {}", source, field_);
    return {ErrorKind::corrupted_package, subject, fmt::format("{} {}", subject, what), std::move(hint)};
}

JsonValue read_json_file(const std::filesystem::path& path) {
    return parse_json(read_package_text(path), path.string());
}

JsonValue parse_json(std::string_view text, const std::string& source) {
    json root = parse(text, source);
    auto document = std::make_shared<const JsonValue::Document>(JsonValue::Document{source, std::move(root)});
    JsonValue value(document, document->root, {});
    value.expect_object();
    return value;
}

}  // namespace inference_models::formats
