#include "benchmark/peers.hpp"

#include <fmt/format.h>

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <inference_models/error.hpp>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/our_library.hpp"
#include "formats/json_reader.hpp"
#include "formats/text.hpp"
#include "runtime/files.hpp"

namespace inference_models::benchmark {
namespace {

namespace fs = std::filesystem;
using formats::JsonValue;

constexpr std::uint32_t kMostThreads = 65'536;

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

/// What all that are compared with one another run with.
PeerSettings settings_of(const Participants& participants, const MeasuredModel& model, const fs::path& scratch) {
    PeerSettings settings;
    settings.threads = model.machine().cpu.threads;
    settings.scratch = scratch;
    if (const LoadedAs* const first = participants.first_loaded()) {
        settings.threads = first->threads;
        settings.network_input = first->network_input;
    }
    return settings;
}

/// How far it agrees with the reference, as an fp32 candidate would have to.
std::optional<Agreement> agreement_of(const agreement::Found& found, const Participants& participants,
                                      std::span<const std::string> image_names) {
    if (found.empty() || !participants.reference) return std::nullopt;
    ComparedCandidate compared;
    compared.gate = agreement_gate(Precision::fp32);
    agreement::compare(compared, participants.reference_found(), found, image_names, participants.confidence);
    return compared.agreement;
}

constexpr std::string_view kScratchName = "inference-models-peers-";

/// Of processes that were killed: the name tells which made it.
void remove_left_behind(const fs::path& place) {
    for (const std::string& name : runtime::names_in(place, kScratchName)) {
        const std::string_view behind = std::string_view(name).substr(kScratchName.size());
        const auto maker = formats::to_number<pid_t>(behind.substr(0, behind.find('-')));
        std::error_code ignored;
        if (maker && ::kill(*maker, 0) != 0 && errno == ESRCH) fs::remove_all(place / name, ignored);
    }
}

}  // namespace

fs::path needed_python(const fs::path& python) {
    std::error_code ignored;
    if (fs::exists(python, ignored)) return fs::absolute(python, ignored);
    throw Error(ErrorKind::invalid_argument, "peers",
                fmt::format("there is no Python of an environment with other products at {}", python.string()),
                "`make peers` in a copy of this project's sources makes .venv-peers; or name the Python of another "
                "environment that has ultralytics or inference-models: --peers-python DIR/bin/python");
}

ScratchDirectory::ScratchDirectory() {
    const fs::path place = fs::temp_directory_path();
    remove_left_behind(place);
    std::string name = (place / fmt::format("{}{}-XXXXXX", kScratchName, ::getpid())).string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw Error(ErrorKind::io_failure, name, fmt::format("{} cannot be made", name),
                    "Set TMPDIR to a directory that can be written to.");
    }
    path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Peers::Peers(const fs::path& python, const MeasuredModel& model, const Participants& participants,
             const SharedImages& images, const BenchmarkOptions& options) {
    Job job;
    job.model = model.location();
    job.detection = options.detection;
    job.measured = options.measured;
    if (options.progress) options.progress("finding out which other products can be measured");
    list(job, settings_of(participants, model, scratch_.path()), images, python);
    for (Peer& each : peers_) {
        if (!each.contestant) continue;
        if (options.progress) options.progress(fmt::format("comparing {}", each.contestant->name()));
        find_objects(each, images);
    }
}

void Peers::list(const Job& job, const PeerSettings& settings, const SharedImages& images, const fs::path& python) {
    const nlohmann::json request{
        {"model", job.model.string()}, {"threads", settings.threads}, {"scratch", settings.scratch.string()}};
    const Answer answer = ask(peer_worker(python, {"list"}), request.dump(), images);
    const JsonValue root = formats::parse_json(answer.text, "the list of other products");
    for (const JsonValue& each : root.at("peers").elements()) {
        Peer& peer = peers_.emplace_back();
        peer.told = read_peer(each);
        peer.told.runtime = each.at("runtime").text();
        peer.contestant.emplace(fmt::format("{}, {}", peer.told.product, peer.told.settings),
                                peer_worker(python, {"run", each.at("id").text()}), job, settings);
    }
    for (const JsonValue& each : root.at("missing").elements()) {
        Peer& peer = peers_.emplace_back();
        peer.told = read_peer(each);
        peer.told.reason = each.at("reason").text();
        peer.told.remedy = each.at("remedy").text();
    }
}

void Peers::find_objects(Peer& peer, const SharedImages& images) {
    try {
        peer.found = peer.contestant->find_objects(peer.contestant->job().detection, images).found;
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        peer.contestant->fail(error);
    }
}

std::vector<Contestant*> Peers::contestants() {
    std::vector<Contestant*> all;
    for (Peer& each : peers_) {
        if (each.contestant) all.push_back(&*each.contestant);
    }
    return all;
}

std::vector<BenchmarkedPeer> Peers::report(const Participants& participants,
                                           std::span<const std::string> image_names) const {
    std::vector<BenchmarkedPeer> told;
    for (const Peer& each : peers_) {
        told.push_back(report_of(each));
        told.back().agreement = agreement_of(each.found, participants, image_names);
    }
    return told;
}

BenchmarkedPeer Peers::report_of(const Peer& peer) {
    BenchmarkedPeer told = peer.told;
    if (!peer.contestant) return told;
    if (const auto& failure = peer.contestant->failure()) {
        told.reason = failure->message();
        told.remedy = failure->hint();
        return told;
    }
    read_settings(formats::parse_json(peer.contestant->last_answer(), told.product), told);
    told.figures = peer.contestant->figures();
    return told;
}

}  // namespace inference_models::benchmark
