#include "hub/server/hub_requests.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "formats/text.hpp"
#include "hub/checked_names.hpp"

namespace inference_models::hub {
namespace {

constexpr std::size_t kLargestPage = 1000;
constexpr std::size_t kLongestHost = 255;
constexpr std::string_view kOtherCharactersOfAHost = ".-:[]";

bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::optional<std::string> decoded(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        std::size_t taken = 1;
        char c = text.front();
        if (c == '+') c = ' ';
        if (c == '%') {
            taken = 3;
            if (text.size() < taken) return std::nullopt;
            unsigned char byte = 0;
            const char* const end = text.data() + taken;
            const auto [stop, problem] = std::from_chars(text.data() + 1, end, byte, 16);
            if (problem != std::errc{} || stop != end) return std::nullopt;
            c = static_cast<char>(byte);
        }
        plain += c;
        text.remove_prefix(taken);
    }
    return plain;
}

}  // namespace

std::map<std::string, std::string> query_parameters(std::string_view query) {
    std::map<std::string, std::string> parameters;
    while (!query.empty()) {
        const std::string_view parameter = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(parameter.size() + 1, query.size()));
        const std::size_t equals = std::min(parameter.find('='), parameter.size());
        auto name = decoded(parameter.substr(0, equals));
        auto value = decoded(parameter.substr(std::min(equals + 1, parameter.size())));
        if (name && value) parameters.emplace(std::move(*name), std::move(*value));
    }
    return parameters;
}

bool is_host(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kLongestHost && std::ranges::all_of(text, [](char c) {
        return is_letter_or_digit(c) || kOtherCharactersOfAHost.find(c) != std::string_view::npos;
    });
}

std::optional<ListingRequest> listing_request(const std::map<std::string, std::string>& parameters) {
    ListingRequest request;
    const auto model = parameters.find("modelId");
    if (model == parameters.end() || !is_model_id(model->second)) return std::nullopt;
    request.model_id = model->second;
    if (const auto size = parameters.find("pageSize"); size != parameters.end()) {
        const auto number = formats::to_number<std::size_t>(size->second);
        if (!number || *number == 0) return std::nullopt;
        request.page_size = std::min(*number, kLargestPage);
    }
    if (const auto start = parameters.find("startAfter"); start != parameters.end()) {
        if (!is_package_id(start->second)) return std::nullopt;
        request.start_after = start->second;
    }
    return request;
}

MetadataPage page_of(ModelMetadata model, const ListingRequest& request, const std::string& base_url) {
    const auto begin = std::ranges::upper_bound(model.packages, request.start_after, {}, &PackageMetadata::id);
    model.packages.erase(model.packages.begin(), begin);
    MetadataPage page{.model = std::move(model), .next_page = std::nullopt};
    auto& packages = page.model.packages;
    if (packages.size() > request.page_size) {
        packages.resize(request.page_size);
        page.next_page = packages.back().id;
    }
    for (PackageMetadata& package : packages) {
        for (PackageFile& file : package.files) file.download_url.insert(0, base_url);
    }
    return page;
}

}  // namespace inference_models::hub
