#include "benchmark/peers.hpp"

#include <fmt/format.h>

#include <inference_models/error.hpp>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/our_library.hpp"
#include "formats/json_reader.hpp"

namespace inference_models::benchmark {
namespace {

namespace fs = std::filesystem;
using formats::JsonValue;

constexpr std::uint32_t kMostThreads = 65'536;

fs::path needed_python(const fs::path& python) {
    std::error_code ignored;
    if (fs::exists(python, ignored)) return fs::absolute(python, ignored);
    throw Error(ErrorKind::invalid_argument, "peers",
                fmt::format("there is no Python of an environment with other products at {}", python.string()),
                "`make peers` in a copy of this project's sources makes .venv-peers; or name the Python of another "
                "environment that has ultralytics or inference-models: --peers DIR/bin/python");
}

fs::path needed_program() {
    const fs::path library = path_of_our_library();
    const fs::path directory = installed_directory(library, "peers");
    if (!directory.empty()) return directory / "peer.py";
    throw Error(ErrorKind::io_failure, library.string(),
                fmt::format("the program that measures other products is not installed with {}", library.string()),
                "Install the product anew.");
}

/// \param words  what its program is to do
Worker peer_worker(const fs::path& python, const std::vector<std::string>& words) {
    Worker worker;
    // Isolated: what lies around of other environments is not to be measured.
    worker.command = {python.string(), "-I", needed_program().string()};
    worker.command.insert(worker.command.end(), words.begin(), words.end());
    return worker;
}

BenchmarkedPeer read_peer(const JsonValue& value) {
    BenchmarkedPeer peer;
    peer.product = value.at("product").text();
    peer.settings = value.at("settings").text();
    return peer;
}

/// What it says of how it ran.
void read_settings(const JsonValue& answer, BenchmarkedPeer& peer) {
    peer.runtime = answer.at("runtime").text();
    peer.precision = answer.at("precision").text();
    peer.shape = answer.at("shape").text();
    if (const auto threads = answer.find("threads")) {
        peer.threads = static_cast<std::uint32_t>(threads->integer(0, kMostThreads));
    }
    peer.same_settings = answer.at("same_settings").boolean();
}

}  // namespace

std::vector<Peer> list_peers(const fs::path& named_python, const Job& job, const PeerSettings& settings,
                             const SharedImages& images) {
    const fs::path python = needed_python(named_python);
    const nlohmann::json request{
        {"model", job.model.string()}, {"threads", settings.threads}, {"scratch", settings.scratch.string()}};
    const Answer answer = ask(peer_worker(python, {"list"}), request.dump(), images);
    const JsonValue root = formats::parse_json(answer.text, "the list of other products");
    std::vector<Peer> peers;
    for (const JsonValue& each : root.at("peers").elements()) {
        Peer& peer = peers.emplace_back();
        peer.told = read_peer(each);
        peer.told.runtime = each.at("runtime").text();
        peer.contestant.emplace(fmt::format("{}, {}", peer.told.product, peer.told.settings),
                                peer_worker(python, {"run", each.at("id").text()}), job, settings);
    }
    for (const JsonValue& each : root.at("missing").elements()) {
        Peer& peer = peers.emplace_back();
        peer.told = read_peer(each);
        peer.told.reason = each.at("reason").text();
        peer.told.remedy = each.at("remedy").text();
    }
    return peers;
}

void find_objects(Peer& peer, const SharedImages& images) {
    if (!peer.contestant) return;
    try {
        peer.found = peer.contestant->find_objects(peer.contestant->job().detection, images).found;
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        peer.contestant->fail(error);
    }
}

BenchmarkedPeer report_of(Peer peer) {
    if (!peer.contestant) return std::move(peer.told);
    if (const auto& failure = peer.contestant->failure()) {
        peer.told.reason = failure->message();
        peer.told.remedy = failure->hint();
        return std::move(peer.told);
    }
    read_settings(formats::parse_json(peer.contestant->last_answer(), peer.told.product), peer.told);
    peer.told.figures = peer.contestant->figures();
    return std::move(peer.told);
}

}  // namespace inference_models::benchmark
