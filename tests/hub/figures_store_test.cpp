// What was measured is found again where all is as it was, and nowhere else.
#include "hub/figures/figures_store.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "common/mapped_file.hpp"
#include "formats/package_maker.hpp"
#include "hub/cache/cache_layout.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/cache/model_cache.hpp"
#include "hub/choice_key.hpp"
#include "hub/digest.hpp"
#include "hub/figures/package_digest.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;
using namespace tests;
using nlohmann::json;
using selection::Figures;
using testing::IsEmpty;
using testing::SizeIs;

std::chrono::system_clock::time_point after(int seconds) {
    return std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000 + seconds));
}

OnnxNetwork detector_of(int seed) {
    OnnxNetwork network = small_detector();
    network.outputs.front().values.assign(30, static_cast<float>(seed));
    return network;
}

RuntimeDescription this_machine() {
    RuntimeDescription machine;
    machine.product_version = "0.9.0";
    machine.cpu.model = "A Processor";
    machine.cpu.architecture = "x86_64";
    machine.cpu.instruction_sets = {"avx2", "avx512"};
    machine.cpu.threads = 4;
    machine.gpus = {{.name = "NVIDIA L4", .compute_capability = "8.9"}};
    for (const Engine engine : {Engine::onnxruntime, Engine::torch, Engine::openvino, Engine::tensorrt}) {
        EngineRuntime runtime;
        runtime.engine = engine;
        runtime.installed = true;
        runtime.version = "1.0";
        machine.engines.push_back(runtime);
    }
    return machine;
}

/// Of the model below, in the order in which they may be the reference.
const std::vector<std::string> kReferences{"a", "b"};

/// A model of two packages, both of which were measured in ONNX Runtime; `a` was the reference.
class FiguresStoreTest : public testing::Test {
protected:
    FiguresStoreTest() {
        write_onnx_package(model_ / "a", detector_of(1));
        write_onnx_package(model_ / "b", detector_of(2));
    }

    [[nodiscard]] std::vector<formats::Package> packages() const { return formats::list_packages(model_).packages; }

    [[nodiscard]] std::vector<MeasuredPackage> identified() const {
        std::vector<MeasuredPackage> result;
        for (const formats::Package& package : packages()) result.push_back(identify(package));
        return result;
    }

    static Figures figures(const std::string& package_id, double latency_ms = 20, int seconds = 0) {
        Figures figures;
        figures.package_id = package_id;
        figures.verdict = AgreementVerdict::passes;
        figures.latency_ms = latency_ms;
        figures.startup_ms = 200;
        figures.memory_mib = 100;
        figures.measured_at = after(seconds);
        return figures;
    }

    void keep(const std::vector<Figures>& figures) const {
        keep_figures(cache_, identified(), "a", figures, machine_, request_);
    }
    void keep_both() const { keep({figures("a"), figures("b")}); }

    [[nodiscard]] std::vector<Figures> found() const {
        return find_figures(cache_, packages(), kReferences, machine_, request_);
    }

    [[nodiscard]] fs::path figures_file() const {
        for (const std::string& name : names_in(directory())) {
            if (name.ends_with(".json") && name != "hashes.json") return directory() / name;
        }
        return {};
    }
    [[nodiscard]] fs::path directory() const { return CacheLayout(cache_).figures().directory(); }
    [[nodiscard]] fs::path hashes_file() const { return CacheLayout(cache_).figures().hashes(); }

    static void change(const fs::path& file, const std::function<void(json&)>& edit) {
        json root = json::parse(std::ifstream(file));
        edit(root);
        write_file(file, root.dump());
    }

    TemporaryDirectory place_;
    fs::path model_ = place_.path() / "model";
    fs::path cache_ = place_.path() / "cache";
    RuntimeDescription machine_ = this_machine();
    LoadOptions request_;
};

TEST_F(FiguresStoreTest, AreFoundAsTheyWereKept) {
    Figures kept = figures("b", 24.25, 7);
    kept.engine = Engine::openvino;
    kept.precision = Precision::bf16;
    kept.verdict = AgreementVerdict::falls_short;
    kept.shortfall = "2 of 5 objects have no match";
    kept.images_per_second = 80.5;
    keep({kept});
    const std::vector<Figures> all = found();
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(all[0].package_id, "b");
    EXPECT_EQ(all[0].engine, Engine::openvino);
    EXPECT_EQ(all[0].precision, Precision::bf16);
    EXPECT_EQ(all[0].verdict, AgreementVerdict::falls_short);
    EXPECT_EQ(all[0].shortfall, "2 of 5 objects have no match");
    EXPECT_EQ(all[0].latency_ms, 24.25);
    EXPECT_EQ(all[0].startup_ms, 200);
    EXPECT_EQ(all[0].memory_mib, 100);
    EXPECT_EQ(all[0].images_per_second, 80.5);
    EXPECT_EQ(all[0].measured_at, after(7));
    EXPECT_TRUE(fs::exists(CacheLayout(cache_).tag()));
}

TEST_F(FiguresStoreTest, WhereNothingWasMeasuredNothingIsWritten) {
    EXPECT_FALSE(has_figures(cache_));
    EXPECT_FALSE(has_figures({}));
    EXPECT_THAT(found(), IsEmpty());
    EXPECT_FALSE(fs::exists(cache_));
    EXPECT_THAT(find_figures({}, packages(), kReferences, machine_, request_), IsEmpty());
}

/// Everything else than the packages that figures hold for.
struct OtherSetting {
    const char* name;
    std::function<void(RuntimeDescription&, LoadOptions&)> make;
};

const std::vector<OtherSetting>& other_settings() {
    static const std::vector<OtherSetting> all{
        {"product", [](RuntimeDescription& machine, LoadOptions&) { machine.product_version = "0.9.1"; }},
        {"runtime", [](RuntimeDescription& machine, LoadOptions&) { machine.engines.front().version = "1.1"; }},
        {"cpu", [](RuntimeDescription& machine, LoadOptions&) { machine.cpu.model = "Another Processor"; }},
        {"architecture", [](RuntimeDescription& machine, LoadOptions&) { machine.cpu.architecture = "aarch64"; }},
        {"instruction sets",
         [](RuntimeDescription& machine, LoadOptions&) { machine.cpu.instruction_sets = {"avx2"}; }},
        {"threads of the machine", [](RuntimeDescription& machine, LoadOptions&) { machine.cpu.threads = 2; }},
        {"threads", [](RuntimeDescription&, LoadOptions& request) { request.threads = 2; }},
        {"image size",
         [](RuntimeDescription&, LoadOptions& request) { request.image_size = ImageSize{.width = 32, .height = 32}; }},
        {"rect", [](RuntimeDescription&, LoadOptions& request) { request.rect = true; }},
        {"batch",
         [](RuntimeDescription&, LoadOptions& request) { request.batch_size = AcceptedRange<std::int64_t>{1, 1}; }},
        {"provider", [](RuntimeDescription&,
                        LoadOptions& request) { request.onnx_execution_providers = {{"CPUExecutionProvider", {}}}; }},
        {"options of a provider",
         [](RuntimeDescription&, LoadOptions& request) {
             request.onnx_execution_providers = {{"CPUExecutionProvider", {{"a", "b"}}}};
         }},
    };
    return all;
}

TEST_F(FiguresStoreTest, OfAnotherSettingAreNotFound) {
    keep_both();
    ASSERT_THAT(found(), SizeIs(2));
    for (const OtherSetting& other : other_settings()) {
        RuntimeDescription machine = machine_;
        LoadOptions request = request_;
        other.make(machine, request);
        EXPECT_THAT(find_figures(cache_, packages(), kReferences, machine, request), IsEmpty()) << other.name;
    }
}

TEST_F(FiguresStoreTest, WhatMakesNoDifferenceIsNoOtherSetting) {
    keep_both();
    machine_.memory.available_bytes = 1;
    machine_.engines.back().version = "2.0";                     // TensorRT's
    request_.threads = 64;                                       // no more than there are
    request_.image_size = ImageSize{.width = 64, .height = 32};  // the package's own
    request_.backends = {BackendType::onnx};
    request_.precision = RequestedPrecision::fp32;
    request_.goal = Goal::memory;
    EXPECT_THAT(found(), SizeIs(2));
}

TEST_F(FiguresStoreTest, OfAnotherGpuAreNotFound) {
    Figures on_gpu = figures("a");
    on_gpu.device = {DeviceKind::cuda, 0};
    keep({on_gpu});
    ASSERT_THAT(found(), SizeIs(1));
    EXPECT_EQ(found()[0].device, (Device{DeviceKind::cuda, 0}));
    machine_.gpus[0].name = "NVIDIA H100";
    EXPECT_THAT(found(), IsEmpty());
}

/// The same number of bytes, and the time that the file had.
void change_in_place(const fs::path& file) {
    struct stat before{};
    ASSERT_EQ(::stat(file.c_str(), &before), 0);
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(-1, std::ios::end);
    const char last = static_cast<char>(stream.peek() ^ 1);
    stream.seekp(-1, std::ios::end);
    stream.put(last);
    stream.close();
    const std::array<timespec, 2> times{before.st_atim, before.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times.data(), 0), 0);
}

TEST_F(FiguresStoreTest, OfChangedWeightsAreNotFoundWhateverTheirTimeSays) {
    keep_both();
    const formats::Package b = packages()[1];
    change_in_place(b.weights);
    const std::vector<formats::Package> now{packages()[0], b};
    const std::vector<Figures> left = find_figures(cache_, now, kReferences, machine_, request_);
    ASSERT_THAT(left, SizeIs(1));
    EXPECT_EQ(left[0].package_id, "a");
}

TEST_F(FiguresStoreTest, OfOtherPreProcessingAreNotFound) {
    keep_both();
    write_file(model_ / "b" / "inference_config.json", with(kInferenceConfig, "114", "115"));
    EXPECT_THAT(found(), SizeIs(1));
}

TEST_F(FiguresStoreTest, OfAnotherFileOfWeightsAreNotFound) {
    formats::Package package;
    package.id = "ir";
    package.format = PackageFormat::openvino_ir;
    package.path = model_ / "ir";
    package.weights = model_ / "ir" / "weights.xml";
    fs::create_directories(package.path);
    write_file(package.weights, "<net/>");
    write_file(model_ / "ir" / "weights.bin", "1234");
    const std::vector<MeasuredPackage> measured{identify(package)};
    keep_figures(cache_, measured, "ir", std::vector{figures("ir")}, machine_, request_);
    ASSERT_THAT(find_figures(cache_, std::vector{package}, std::vector<std::string>{"ir"}, machine_, request_),
                SizeIs(1));
    write_file(model_ / "ir" / "weights.bin", "1235");
    EXPECT_THAT(find_figures(cache_, std::vector{package}, std::vector<std::string>{"ir"}, machine_, request_),
                IsEmpty());
}

TEST_F(FiguresStoreTest, ComparedWithAnotherReferenceAreNotFound) {
    keep_both();
    write_onnx_package(model_ / "a", detector_of(3));
    EXPECT_THAT(found(), IsEmpty());
    write_onnx_package(model_ / "a", detector_of(1));
    EXPECT_THAT(found(), SizeIs(2));
}

TEST_F(FiguresStoreTest, WhatWasComparedWithItselfAloneProvesNothingAmongOthers) {
    Figures wrong = figures("b", 10, 1);
    wrong.verdict = AgreementVerdict::falls_short;
    keep({figures("a", 20, 1), wrong});
    // `b` was measured as a model of its own.
    keep_figures(cache_, identified(), "b", std::vector{figures("b", 10, 2)}, machine_, request_);
    ASSERT_THAT(found(), SizeIs(2));
    EXPECT_EQ(found()[1].package_id, "b");
    EXPECT_EQ(found()[1].verdict, AgreementVerdict::falls_short);

    const std::vector<std::string> alone{"b"};
    const std::vector<formats::Package> b{packages()[1]};
    const std::vector<Figures> of_itself = find_figures(cache_, b, alone, machine_, request_);
    ASSERT_THAT(of_itself, SizeIs(1));
    EXPECT_EQ(of_itself[0].verdict, AgreementVerdict::passes);
}

TEST_F(FiguresStoreTest, TheNextReferenceCountsWhereNothingWasComparedWithTheFirst) {
    keep_figures(cache_, identified(), "b", std::vector{figures("a"), figures("b")}, machine_, request_);
    EXPECT_THAT(found(), SizeIs(2));
    EXPECT_THAT(find_figures(cache_, packages(), std::vector<std::string>{"a"}, machine_, request_), IsEmpty());
    EXPECT_THAT(find_figures(cache_, packages(), std::vector<std::string>{}, machine_, request_), IsEmpty());
}

TEST_F(FiguresStoreTest, ChangesDuringTheMeasurementAreNotTakenForWhatWasMeasured) {
    const std::vector<MeasuredPackage> before = identified();
    write_onnx_package(model_ / "b", detector_of(4));
    keep_figures(cache_, before, "a", std::vector{figures("b")}, machine_, request_);
    EXPECT_THAT(found(), IsEmpty());
}

TEST_F(FiguresStoreTest, AreFoundWhereverTheSameFilesLie) {
    keep_both();
    fs::copy(model_, place_.path() / "copy", fs::copy_options::recursive);
    const auto copied = formats::list_packages(place_.path() / "copy").packages;
    EXPECT_THAT(find_figures(cache_, copied, kReferences, machine_, request_), SizeIs(2));
}

TEST_F(FiguresStoreTest, UnchangedFilesAreNotReadAgain) {
    keep_both();
    // Whoever reads the files finds other hashes than these.
    const std::string lie(64, '0');
    change(hashes_file(), [&](json& root) {
        for (json& file : root["files"]) file["sha256"] = lie;
    });
    EXPECT_THAT(found(), IsEmpty());
}

TEST_F(FiguresStoreTest, FilesOfOtherSizesThanThoseThatWereMeasuredAreNotRead) {
    keep_both();
    const std::string before = read_text_file(hashes_file());
    OnnxNetwork large = detector_of(5);
    large.outputs.front().name = "an output with a long name";
    write_onnx_package(place_.path() / "other", large);
    const auto other = formats::list_packages(place_.path() / "other").packages;
    EXPECT_THAT(find_figures(cache_, other, kReferences, machine_, request_), IsEmpty());
    EXPECT_EQ(read_text_file(hashes_file()), before);
}

TEST_F(FiguresStoreTest, NewerOnesReplaceOlderOnesOfTheSameCandidateAlone) {
    keep({figures("a", 20, 1), figures("b", 30, 1)});
    keep({figures("b", 31, 2)});
    keep({figures("a", 19, 0)});
    ASSERT_THAT(found(), SizeIs(2));
    for (const Figures& each : found()) EXPECT_EQ(each.latency_ms, each.package_id == "a" ? 20 : 31);
    EXPECT_EQ(json::parse(std::ifstream(figures_file()))["figures"].size(), 2U);
}

TEST_F(FiguresStoreTest, WhatImagesProvedStaysProvenWithTheTimesOfOthersThatShowNothing) {
    Figures wrong = figures("b", 30, 1);
    wrong.verdict = AgreementVerdict::falls_short;
    keep({figures("a", 20, 1), wrong});
    Figures blank_a = figures("a", 25, 2);
    Figures blank_b = figures("b", 35, 2);
    blank_a.verdict = blank_b.verdict = AgreementVerdict::proves_nothing;
    keep({blank_a, blank_b});
    ASSERT_THAT(found(), SizeIs(2));
    EXPECT_EQ(found()[0].verdict, AgreementVerdict::passes);
    EXPECT_EQ(found()[0].latency_ms, 25);
    EXPECT_EQ(found()[1].verdict, AgreementVerdict::falls_short);
    EXPECT_EQ(found()[1].latency_ms, 35);
}

TEST_F(FiguresStoreTest, WhatCouldNotBeRunAndNowCanIsNotProvenToBeWrong) {
    Figures failed = figures("b", 0, 1);
    failed.verdict = AgreementVerdict::falls_short;
    Figures blank = figures("b", 35, 2);
    blank.verdict = AgreementVerdict::proves_nothing;
    keep({failed});
    keep({blank});
    ASSERT_THAT(found(), SizeIs(1));
    EXPECT_EQ(found()[0].verdict, AgreementVerdict::proves_nothing);
}

TEST_F(FiguresStoreTest, WhatProvesSomethingReplacesWhatProvesNothing) {
    Figures blank = figures("b", 35, 1);
    blank.verdict = AgreementVerdict::proves_nothing;
    keep({blank});
    ASSERT_THAT(found(), SizeIs(1));
    blank.latency_ms = 36;
    blank.measured_at = after(2);
    keep({blank});
    EXPECT_EQ(found()[0].latency_ms, 36);
    keep({figures("b", 30, 3)});
    ASSERT_THAT(found(), SizeIs(1));
    EXPECT_EQ(found()[0].verdict, AgreementVerdict::passes);
    EXPECT_EQ(found()[0].latency_ms, 30);
}

TEST_F(FiguresStoreTest, OfOtherSettingsStay) {
    keep({figures("a", 20)});
    request_.threads = 1;
    keep({figures("a", 70)});
    EXPECT_EQ(found()[0].latency_ms, 70);
    request_.threads.reset();
    EXPECT_EQ(found()[0].latency_ms, 20);
}

TEST_F(FiguresStoreTest, FilesThatMakeNoSenseAreIgnoredAndReplaced) {
    const std::vector<std::function<void(json&)>> edits{
        [](json& root) { root["format_version"] = 2; },
        [](json& root) { root["figures"] = 3; },
        [](json& root) { root["figures"][0] = json::array(); },
        [](json& root) { root["figures"][0].erase("verdict"); },
        [](json& root) { root["figures"][0]["verdict"] = "perfect"; },
        [](json& root) { root["figures"][0]["engine"] = "abacus"; },
        [](json& root) { root["figures"][0]["device"] = "cuda:99999999999999999999"; },
        [](json& root) { root["figures"][0]["package"] = "../../etc/passwd"; },
        [](json& root) { root["figures"][0]["latency_ms"] = -1; },
        [](json& root) { root["figures"][0]["latency_ms"] = 1e300; },
        [](json& root) { root["figures"][0]["latency_ms"] = "fast"; },
        [](json& root) { root["figures"][0]["memory_mib"] = nullptr; },
        [](json& root) { root["figures"][0]["shortfall"] = std::string(100'000, 'x'); },
        [](json& root) { root["figures"][0]["measured_at"] = 1e18; },
        [](json& root) { root["figures"][0]["setting"] = "all"; },
        [](json& root) {
            const json one = root["figures"][0];
            root["figures"] = json::array();
            for (int i = 0; i < 5000; ++i) root["figures"].push_back(one);
        },
    };
    for (std::size_t i = 0; i < edits.size(); ++i) {
        SCOPED_TRACE(i);
        keep_both();
        change(figures_file(), edits[i]);
        EXPECT_THAT(found(), IsEmpty());
        keep_both();
        EXPECT_THAT(found(), SizeIs(2));
    }
    for (const std::string& text : {std::string(), std::string("{"), std::string("[]"), std::string("\0\xff", 2),
                                    std::string(100'000, '['), std::string(20U << 20U, ' ')}) {
        keep_both();
        write_file(figures_file(), text);
        EXPECT_THAT(found(), IsEmpty());
    }
}

TEST_F(FiguresStoreTest, HashesThatMakeNoSenseAreIgnoredAndReplaced) {
    const std::vector<std::function<void(json&)>> edits{
        [](json& root) { root["format_version"] = 2; },
        [](json& root) { root.erase("files"); },
        [](json& root) { root["files"][0]["sha256"] = "abc"; },
        [](json& root) { root["files"][0]["size"] = -1; },
        [](json& root) { root["files"][0]["external_files"] = {"../../../etc/passwd"}; },
        [](json& root) { root["files"][0]["external_files"] = {"/etc/passwd"}; },
    };
    for (std::size_t i = 0; i < edits.size(); ++i) {
        SCOPED_TRACE(i);
        keep_both();
        change(hashes_file(), edits[i]);
        EXPECT_THAT(found(), IsEmpty());
        keep_both();
        EXPECT_THAT(found(), SizeIs(2));
    }
}

TEST_F(FiguresStoreTest, LinksAreNotFollowed) {
    keep_both();
    const fs::path file = figures_file();
    fs::rename(file, place_.path() / "elsewhere.json");
    fs::create_symlink(place_.path() / "elsewhere.json", file);
    EXPECT_THAT(found(), IsEmpty());
    fs::remove(file);
    fs::rename(place_.path() / "elsewhere.json", file);
    ASSERT_THAT(found(), SizeIs(2));

    fs::rename(directory(), place_.path() / "elsewhere");
    fs::create_directory_symlink(place_.path() / "elsewhere", directory());
    EXPECT_THAT(found(), IsEmpty());
    EXPECT_EQ(error_of([&] { keep_both(); }).kind(), ErrorKind::io_failure);
}

TEST_F(FiguresStoreTest, WhereTheCacheCannotBeWrittenItIsSaid) {
    write_file(cache_, "a file where the cache should be");
    const Error error = error_of([&] { keep_both(); });
    EXPECT_EQ(error.kind(), ErrorKind::io_failure);
    EXPECT_FALSE(error.hint().empty());
    EXPECT_THAT(found(), IsEmpty());
}

TEST_F(FiguresStoreTest, OfAPackageThatWasNotIdentifiedAreRefusedAndNothingIsKept) {
    const Error error = error_of([&] { keep({figures("a"), figures("c")}); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
    EXPECT_THAT(found(), IsEmpty());
}

TEST_F(FiguresStoreTest, ManyWhoWriteAtOnceLoseNothing) {
    constexpr int kWriters = 8;
    const std::vector<MeasuredPackage> measured = identified();
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; ++i) {
        writers.emplace_back([&, i] {
            LoadOptions request;
            request.batch_size = AcceptedRange<std::int64_t>{i + 1, i + 1};
            keep_figures(cache_, measured, "a", std::vector{figures("a", i + 1), figures("b", i + 1)}, machine_,
                         request);
        });
    }
    for (std::thread& writer : writers) writer.join();
    for (int i = 0; i < kWriters; ++i) {
        request_.batch_size = AcceptedRange<std::int64_t>{i + 1, i + 1};
        ASSERT_THAT(found(), SizeIs(2));
        EXPECT_EQ(found()[0].latency_ms, i + 1);
    }
}

TEST_F(FiguresStoreTest, AWriterThatIsKilledLeavesWholeFiles) {
    keep_both();
    const std::vector<MeasuredPackage> measured = identified();
    constexpr int kRounds = 20;
    for (int round = 0; round < kRounds; ++round) {
        const pid_t writer = ::fork();
        ASSERT_GE(writer, 0);
        if (writer == 0) {
            for (int i = 1;; ++i) {
                keep_figures(cache_, measured, "a", std::vector{figures("a", i, i), figures("b", i, i)}, machine_,
                             request_);
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5 + round));
        ::kill(writer, SIGKILL);
        ::waitpid(writer, nullptr, 0);
        const std::vector<Figures> all = found();
        ASSERT_THAT(all, SizeIs(2));
        EXPECT_EQ(all[0].measured_at, all[1].measured_at);
        EXPECT_EQ(all[0].latency_ms, all[1].latency_ms);
    }
}

TEST_F(FiguresStoreTest, PruningKeepsThemUnlessAllHasToGo) {
    keep_both();
    write_file(directory() / ".x.0123456789abcdef.new", "half of a file");
    ModelCache cache(cache_);
    const PrunedCache pruned = cache.prune({});
    EXPECT_EQ(pruned.files, 1U);
    EXPECT_THAT(found(), SizeIs(2));
    PruneOptions all;
    all.all = true;
    static_cast<void>(cache.prune(all));
    EXPECT_FALSE(fs::exists(directory()));
    EXPECT_THAT(found(), IsEmpty());
}

TEST_F(FiguresStoreTest, AChoiceIsRememberedForTheGoalAndTheFiguresThatItWasMadeBy) {
    FoundModel model;
    model.remote = RemoteModel{};
    model.remote->metadata.model_id = "model/1";
    const auto key = [&](const std::vector<Figures>& all) { return choice_key(model, request_, machine_, all); };
    const std::string without = key({});
    EXPECT_EQ(key({}), without);
    const std::string with_one = key({figures("a")});
    EXPECT_NE(with_one, without);
    EXPECT_NE(key({figures("a", 21)}), with_one);
    request_.goal = Goal::memory;
    EXPECT_NE(key({}), without);
}

}  // namespace
}  // namespace inference_models::hub
