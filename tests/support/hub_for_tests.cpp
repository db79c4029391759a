// Downloads and HTTP for the Python tests, which bring the servers: C functions that ctypes can call, JSON in and out.

#include <cstdlib>
#include <cstring>
#include <functional>
#include <inference_models/error.hpp>
#include <inference_models/export.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hub/http/downloads.hpp"
#include "hub/http/http_client.hpp"

using inference_models::Error;
using nlohmann::json;
using std::chrono::milliseconds;
namespace hub = inference_models::hub;

namespace {

/// A text for `testing_free_text`: what the call gave, or its error.
char* answer(const std::function<json()>& call) {
    json result;
    try {
        result = call();
    } catch (const Error& problem) {
        result["error"] = {{"kind", to_string(problem.kind())},
                           {"subject", problem.subject()},
                           {"message", problem.message()},
                           {"hint", problem.hint()}};
    }
    return ::strdup(result.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
}

hub::FileToDownload file_from(const json& given) {
    hub::FileToDownload file{given.at("url"),           given.at("target").get<std::string>(),
                             given.at("name"),          given.value("md5", ""),
                             given.value("sha256", ""), {}};
    if (given.contains("size")) file.size = given.at("size").get<std::uint64_t>();
    return file;
}

hub::DownloadRules rules_from(const json& given) {
    hub::DownloadRules rules;
    rules.verify_hash = given.value("verify_hash", rules.verify_hash);
    rules.allow_files_without_hash = given.value("allow_files_without_hash", rules.allow_files_without_hash);
    rules.most_bytes = given.value("most_bytes", rules.most_bytes);
    rules.first_retry_delay = milliseconds(given.value("first_retry_delay_ms", 1));
    rules.longest_retry_delay = milliseconds(given.value("longest_retry_delay_ms", 10));
    return rules;
}

hub::Settings settings_from(const json& given) {
    hub::Settings settings;
    settings.download_connect_timeout = milliseconds(given.value("connect_timeout_ms", 10'000));
    settings.download_stall_timeout = milliseconds(given.value("stall_timeout_ms", 10'000));
    settings.download_tries = given.value("tries", 5U);
    return settings;
}

json download(const json& call) {
    std::vector<hub::FileToDownload> files;
    for (const json& file : call.at("files")) files.push_back(file_from(file));
    const std::uint64_t cancel_at = call.value("cancel_at_bytes", UINT64_MAX);
    json last_report;
    const auto results = hub::download(files, rules_from(call), settings_from(call),
                                       [&](std::uint64_t done, std::optional<std::uint64_t> total) {
                                           last_report = {done, total ? json(*total) : json()};
                                           return done < cancel_at;
                                       });
    json described = json::array();
    for (const auto& [md5, sha256, size] : results) {
        described.push_back({{"md5", md5}, {"sha256", sha256}, {"size", size}});
    }
    return {{"files", described}, {"last_report", last_report}};
}

json get(const json& call) {
    hub::HttpRequest request;
    request.url = call.at("url");
    for (const json& header : call.value("headers", json::array())) request.headers.emplace_back(header[0], header[1]);
    request.bearer_key = call.value("bearer_key", "");
    request.timeout = milliseconds(call.value("timeout_ms", 10'000));
    request.most_bytes = call.value("most_bytes", request.most_bytes);
    const hub::HttpResponse response = hub::curl_client()->get(request);
    return {{"status", response.status}, {"headers", response.headers}, {"body", response.body}};
}

}  // namespace

extern "C" {

INFERENCE_MODELS_EXPORT char* testing_download(const char* call) {
    return answer([&] { return download(json::parse(call)); });
}

INFERENCE_MODELS_EXPORT char* testing_http_get(const char* call) {
    return answer([&] { return get(json::parse(call)); });
}

INFERENCE_MODELS_EXPORT void testing_free_text(char* text) {
    std::free(text);
}

}  // extern "C"
