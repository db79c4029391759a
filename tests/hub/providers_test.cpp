#include "hub/providers/providers.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <inference_models/error.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/errors.hpp"

namespace inference_models::hub {
namespace {

using namespace tests;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

ModelMetadata a_model() {
    ModelMetadata model;
    model.model_id = "mine";
    model.architecture = "yolov8";
    model.task_type = "object-detection";
    PackageMetadata package;
    package.id = "one";
    package.onnx = OnnxFacts{9, 17, {}};
    package.batch = {1, 8};
    package.files = {{"weights.onnx", "https://files.test/w", "", std::string(64, 'a'), 5}};
    model.packages = {package};
    return model;
}

ModelMetadata ask(const std::string& name) {
    return ask_provider(name, {.model_id = "mine", .api_key = "k", .extra_query_params = {}, .extra_headers = {}}, {});
}

Error problem(const std::string& name) {
    return error_of([&] { static_cast<void>(ask(name)); });
}

TEST(Providers, ARegisteredOneIsAskedAndReplaced) {
    register_model_provider("mine", [](const ProviderRequest& request) {
        EXPECT_EQ(request.model_id, "mine");
        EXPECT_EQ(request.api_key, "k");
        ModelMetadata model = a_model();
        model.weights_provider = "somebody else";
        model.notes = {"from the provider"};
        return model;
    });
    ModelMetadata expected = a_model();
    expected.weights_provider = "mine";
    expected.notes = {"from the provider"};
    EXPECT_EQ(ask("mine"), expected);

    register_model_provider("mine", [](const ProviderRequest&) {
        ModelMetadata model = a_model();
        model.variant = "n";
        return model;
    });
    EXPECT_EQ(ask("mine").variant, "n");
}

TEST(Providers, WhatARegisteredOneSaysObeysTheRules) {
    register_model_provider("careless", [](const ProviderRequest&) {
        ModelMetadata model = a_model();
        model.packages.resize(6, model.packages[0]);
        model.packages[1].id = "../x";
        model.packages[2].id = "handle";
        model.packages[2].files[0].handle = "../../x";
        model.packages[3].id = "url";
        model.packages[3].files[0].download_url = "file:///etc/passwd";
        model.packages[4].id = "hash";
        model.packages[4].files[0].sha256 = "\xff";
        return model;  // and the last has the first one's id
    });
    const ModelMetadata model = ask("careless");
    EXPECT_EQ(model.packages, a_model().packages);
    EXPECT_THAT(model.notes, ElementsAre(HasSubstr("`../x`"), HasSubstr("`handle`"), HasSubstr("`url`"),
                                         HasSubstr("`hash`"), HasSubstr("second package")));

    register_model_provider("wrong", [](const ProviderRequest&) { return ModelMetadata{}; });
    const Error error = problem("wrong");
    EXPECT_EQ(error.kind(), ErrorKind::retrieval_failure);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("`wrong`"), HasSubstr("modelId")));
    EXPECT_THAT(error.hint(), HasSubstr("Correct what the provider returns"));
}

TEST(Providers, OnlyErrorsLeaveARegisteredOne) {
    register_model_provider("angry",
                            [](const ProviderRequest&) -> ModelMetadata { throw std::runtime_error("no\x1b"); });
    const Error error = problem("angry");
    EXPECT_EQ(error.kind(), ErrorKind::retrieval_failure);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("`angry`"), HasSubstr("`mine`"), HasSubstr("no?")));
    register_model_provider("odd", [](const ProviderRequest&) -> ModelMetadata { throw 5; });
    EXPECT_THAT(problem("odd").message(), HasSubstr("unknown type"));
    register_model_provider(
        "away", [](const ProviderRequest&) -> ModelMetadata { throw Error(ErrorKind::unreachable, "x", "is away"); });
    EXPECT_EQ(problem("away").kind(), ErrorKind::unreachable);
}

TEST(Providers, RoboflowIsAskedOverHttp) {
    Settings settings;
    settings.api_host = "http://127.0.0.1:1";  // where nothing listens
    settings.api_tries = 2;
    const ProviderRequest request{.model_id = "mine", .api_key = {}, .extra_query_params = {}, .extra_headers = {}};
    const Error error = error_of([&] { static_cast<void>(ask_provider("roboflow", request, settings)); });
    EXPECT_EQ(error.kind(), ErrorKind::unreachable);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("http://127.0.0.1:1"), HasSubstr("in 2 tries")));
}

TEST(Providers, ANameThatNobodyHasIsExplained) {
    register_model_provider("company", [](const ProviderRequest&) { return a_model(); });
    const Error error = problem("compny");
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
    EXPECT_EQ(error.subject(), "weights_provider");
    EXPECT_THAT(error.hint(),
                AllOf(HasSubstr("Did you mean company?"), HasSubstr("roboflow, local, bundled, offline")));
    EXPECT_THAT(problem("robflow").hint(), HasSubstr("Did you mean roboflow?"));
}

TEST(Providers, NamesOfTheLibraryAndNamesThatAreNoneAreRefused) {
    for (const char* const name : {"", "roboflow", "local", "bundled", "offline", "a/b", "../x", "a b", "\n"}) {
        const Error error =
            error_of([&] { register_model_provider(name, [](const ProviderRequest&) { return a_model(); }); });
        EXPECT_EQ(error.kind(), ErrorKind::invalid_argument) << name;
    }
    EXPECT_EQ(error_of([] { register_model_provider("nothing", {}); }).kind(), ErrorKind::invalid_argument);
}

TEST(Providers, MayBeRegisteredAndAskedByManyThreads) {
    register_model_provider("busy", [](const ProviderRequest&) { return a_model(); });
    std::atomic<int> answers = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < 100; ++round) {
                register_model_provider("busy", [](const ProviderRequest&) { return a_model(); });
                register_model_provider("busy" + std::to_string(i * 100 + round),
                                        [](const ProviderRequest&) { return a_model(); });
                answers += static_cast<int>(ask("busy").packages.size());
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(answers, 800);
}

}  // namespace
}  // namespace inference_models::hub
