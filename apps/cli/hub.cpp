#include <fmt/format.h>
#include <pthread.h>

#include <csignal>
#include <cstdio>
#include <future>
#include <inference_models/hub_server.hpp>
#include <memory>
#include <string>

#include "commands.hpp"

namespace inference_models::cli {
namespace {

struct Arguments {
    std::string directory;
    std::string host = "127.0.0.1";
    std::uint16_t port = 9001;
};

/// SIGINT and SIGTERM, which end a server. Kept from every thread that is started while this lives, so that they wait.
class EndingSignals {
public:
    EndingSignals() {
        ::sigemptyset(&signals_);
        ::sigaddset(&signals_, SIGINT);
        ::sigaddset(&signals_, SIGTERM);
        ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    }

    void wait() const {
        int received = 0;
        ::sigwait(&signals_, &received);
    }

private:
    sigset_t signals_{};
};

void say_how_to_use(const HubServer& server) {
    const std::vector<std::string>& ids = server.model_ids();
    fmt::print("serving {} at {} - use it with: ROBOFLOW_API_HOST={} inference-models predict {} photo.jpg\n",
               ids.size() == 1 ? "1 model" : fmt::format("{} models", ids.size()), server.address(), server.address(),
               ids.front());
    std::fflush(stdout);
}

ExitCode serve(const Arguments& arguments) {
    HubServer server(arguments.directory, arguments.host, arguments.port);
    const EndingSignals signals;  // while the folder was read, they ended the program as usual
    auto answering = std::async(std::launch::async, [&server] { server.run(); });
    say_how_to_use(server);
    signals.wait();
    server.stop();
    answering.get();
    return ExitCode::ok;
}

}  // namespace

void add_hub(CLI::App& program, Action& chosen) {
    CLI::App* const hub = program.add_subcommand("hub", "Give models to other machines");
    hub->require_subcommand(1);
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* const command =
        hub->add_subcommand("serve", "Serve a folder of models over the protocol of Roboflow's weights API");
    command->add_option("DIR", arguments->directory, "holds MODEL_ID/PACKAGE/weights.onnx and so on")->required();
    command
        ->add_option("--host", arguments->host,
                     "address to listen at; 0.0.0.0 for all networks of this machine (no encryption, no password)")
        ->capture_default_str();
    command->add_option("--port", arguments->port, "0: one that is free")->capture_default_str();
    command->callback([&chosen, arguments] { chosen = [arguments] { return serve(*arguments); }; });
}

}  // namespace inference_models::cli
