#pragma once

#include <inference_models/export.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace inference_models {

/// A hub of one's own: gives a folder of models to other machines, over the protocol of Roboflow's weights API. Whoever
/// sets ROBOFLOW_API_HOST to its address loads models from it by id.
///
/// The folder holds DIR/MODEL_ID/PACKAGE/, where an id may hold `/`, and each PACKAGE the files of a package with its
/// model_config.json. Models and packages that are put there later are found when they are asked for. Nothing outside
/// of the folder is ever served, hidden files neither. There is no encryption and no password: it is meant for networks
/// that are trusted.
class INFERENCE_MODELS_EXPORT HubServer {
public:
    /// Reads the folder, which takes as long as reading every byte of it, and begins to listen.
    /// \param host  address or name to listen at: `127.0.0.1` for this machine alone, `0.0.0.0` for all its networks
    /// \param port  0: one that is free
    /// \throws Error `model_not_found` where there is no such directory or no model in it, `invalid_argument` for a
    /// host
    ///         that is none of this machine or two packages that would get the same id, `io_failure` where the port is
    ///         taken
    explicit HubServer(const std::filesystem::path& directory, const std::string& host = "127.0.0.1",
                       std::uint16_t port = 9001);
    ~HubServer();
    HubServer(const HubServer&) = delete;
    HubServer& operator=(const HubServer&) = delete;

    /// `http://127.0.0.1:9001`
    [[nodiscard]] const std::string& address() const noexcept;

    /// The models that were there in the beginning.
    [[nodiscard]] const std::vector<std::string>& model_ids() const noexcept;

    /// Answers in this thread, and looks at the folder in another one, until `stop` is called. Once. Before, there is
    /// no thread that could receive a signal.
    void run();

    /// Ends `run`, and what is being sent. From any thread, at any time.
    void stop() noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace inference_models
