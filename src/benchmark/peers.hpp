#pragma once

#include "benchmark/contestants.hpp"
#include "benchmark/measured_model.hpp"
#include "benchmark/participants.hpp"

#include <inference_models/benchmark.hpp>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Other products, which a Python program of ours runs in an environment of their own.
namespace inference_models::benchmark {

/// A directory that goes away with this, or with the next one where this process is killed.
class ScratchDirectory {
public:
    /// \throws Error `io_failure`
    ScratchDirectory();
    ~ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

/// The Python of an environment that holds peers, by its whole path.
/// \throws Error `invalid_argument` where there is none
[[nodiscard]] std::filesystem::path needed_python(const std::filesystem::path& python);

class Peers {
public:
    /// Finds out which there are for a model, and runs each once on all images.
    /// \param python  of their environment
    /// \throws Error `engine_failure` where that Python cannot be run, `io_failure`, `cancelled`
    Peers(const std::filesystem::path& python, const MeasuredModel& model, const Participants& participants,
          const SharedImages& images, const BenchmarkOptions& options);

    /// Those that can run.
    [[nodiscard]] std::vector<Contestant*> contestants();

    /// What was measured, what they say of themselves, and how far they agree with the reference.
    /// \param image_names  of the images that they were run on
    [[nodiscard]] std::vector<BenchmarkedPeer> report(const Participants& participants,
                                                      std::span<const std::string> image_names) const;

private:
    /// One product with one form of the model in one setting.
    struct Peer {
        BenchmarkedPeer told;
        std::optional<Contestant> contestant;  ///< none where it cannot run
        agreement::Found found;                ///< empty where it cannot run
    };

    void list(const Job& job, const PeerSettings& settings, const SharedImages& images,
              const std::filesystem::path& python);
    static void find_objects(Peer& peer, const SharedImages& images);
    [[nodiscard]] static BenchmarkedPeer report_of(const Peer& peer);

    ScratchDirectory scratch_;  ///< holds what they make of the model
    std::vector<Peer> peers_;
};

}  // namespace inference_models::benchmark
