#include "engines/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <inference_models/log.hpp>
#include <thread>
#include <vector>

#include "support/errors.hpp"
#include "support/test_engine.hpp"

namespace inference_models::engines {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::error_of;
using tests::load_test_network;

std::vector<float> values(const TensorView& view) {
    std::vector<float> copy(element_count(view.shape));
    std::memcpy(copy.data(), view.data, view.byte_count());
    return copy;
}

TEST(Network, TellsItsPortsAndThreads) {
    const auto network = load_test_network("input -1 3 8 8\noutput -1 2\nvalues 1");
    const NetworkDescription& description = network->description();
    ASSERT_EQ(description.inputs.size(), 1U);
    EXPECT_EQ(description.inputs[0].name, "images");
    EXPECT_THAT(description.inputs[0].shape.value(), ElementsAre(-1, 3, 8, 8));
    ASSERT_EQ(description.outputs.size(), 1U);
    EXPECT_EQ(description.threads, 1U);
    EXPECT_EQ(description.device, Device{});
}

TEST(Network, RunsOnWhatWasWrittenIntoItsMemory) {
    const auto network = load_test_network("input -1 2\noutput -1 3\nvalues 10 20 30");
    Execution execution = network->acquire();
    const std::vector<std::int64_t> shape{2, 2};
    const std::vector<float> pixels{1, 3, 5, 7};
    std::memcpy(execution.input(0, shape).data, pixels.data(), sizeof(float) * pixels.size());
    execution.run();
    ASSERT_EQ(execution.output_count(), 1U);
    EXPECT_THAT(execution.output(0).shape, ElementsAre(2, 3));
    EXPECT_THAT(values(execution.output(0)), ElementsAre(12, 22, 32, 16, 26, 36));
}

TEST(Network, TellsTheOrderThatTheEngineLikes) {
    const std::vector<std::int64_t> shape{2, 3, 8, 4};
    const auto order_of = [&](const std::string& words) {
        return load_test_network("input -1 3 8 4\n" + words)->acquire().input(0, shape).order;
    };
    EXPECT_EQ(order_of(""), MemoryOrder::row_major);
    EXPECT_EQ(order_of("order channels_last"), MemoryOrder::channels_last);
    const Error error = error_of([&] { (void)order_of("order gaps"); });
    EXPECT_EQ(error.kind(), ErrorKind::engine_failure);
    EXPECT_THAT(error.message(), HasSubstr("with gaps"));
}

TEST(Network, ADimensionOfOneMayHaveAnyStride) {
    const auto network = load_test_network("input -1 1 1 1\norder gaps");
    const std::vector<std::int64_t> shape{1, 1, 1, 1};
    EXPECT_EQ(network->acquire().input(0, shape).order, MemoryOrder::row_major);
}

/// What a child of this process ends with.
int exit_code_of_child(const std::function<int()>& work) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Network, IsRefusedInAChildOfItsProcess) {
    auto network = load_test_network("input 1 1\noutput 1 1\nvalues 0");
    EXPECT_EQ(exit_code_of_child([&] {
                  const Error error = error_of([&] { (void)network->acquire(); });
                  network.reset();  // releases nothing of the parent's
                  return error.kind() == ErrorKind::engine_failure && error.hint().starts_with("Load the model after")
                             ? 42
                             : 1;
              }),
              42);
    EXPECT_NO_THROW((void)network->acquire());
}

TEST(Network, GivesASlotToOneAtATimeAndReusesIt) {
    const auto network = load_test_network("input 1 1\noutput 1 1\nvalues 0");
    const std::vector<std::int64_t> shape{1, 1};
    const std::byte* first = nullptr;
    {
        Execution one = network->acquire();
        Execution other = network->acquire();
        first = one.input(0, shape).data;
        EXPECT_NE(first, other.input(0, shape).data);
    }
    Execution again = network->acquire();
    Execution once_more = network->acquire();
    EXPECT_TRUE(again.input(0, shape).data == first || once_more.input(0, shape).data == first);
}

TEST(Network, SlotsOfManyThreadsDoNotMeet) {
    const auto network = load_test_network("input 1 4\noutput 1 1\nvalues 0");
    const auto work = [&](float value) {
        const std::vector<std::int64_t> shape{1, 4};
        for (int i = 0; i < 200; ++i) {
            Execution execution = network->acquire();
            const std::vector<float> pixels(4, value);
            std::memcpy(execution.input(0, shape).data, pixels.data(), sizeof(float) * pixels.size());
            execution.run();
            ASSERT_THAT(values(execution.output(0)), ElementsAre(value));
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work, static_cast<float>(i));
    for (auto& thread : threads) thread.join();
}

TEST(Network, AFailureOfTheEngineIsAnErrorWithItsHint) {
    const Error loading = error_of([] { (void)load_test_network("input 1 1\nfail load weights are sour"); });
    EXPECT_EQ(loading.kind(), ErrorKind::engine_failure);
    EXPECT_THAT(loading.subject(), HasSubstr("network.txt"));
    EXPECT_EQ(loading.message(), "weights are sour");
    EXPECT_EQ(loading.hint(), "Mend the script.");

    const auto network = load_test_network("input 1 1\noutput 1 1\nvalues 0\nfail run out of breath");
    Execution execution = network->acquire();
    (void)execution.input(0, std::vector<std::int64_t>{1, 1});
    EXPECT_EQ(error_of([&] { execution.run(); }).message(), "out of breath");
}

TEST(Network, AnExceptionThatTheAdapterDidNotExpectStaysBehindTheSeam) {
    const auto network = load_test_network("input 1 1\noutput 1 1\nvalues 0");
    Execution execution = network->acquire();
    const Error error = error_of([&] { (void)execution.input(7, std::vector<std::int64_t>{1, 1}); });
    EXPECT_EQ(error.kind(), ErrorKind::engine_failure);
    EXPECT_THAT(error.message(), HasSubstr("one input"));
}

TEST(OpenedRuntime, IsOpenedOnceAndTellsItsVersion) {
    EXPECT_EQ(&tests::test_runtime(), &tests::test_runtime());
    EXPECT_EQ(tests::test_runtime().version(), "1.2.3");
}

TEST(OpenedRuntime, ForwardsTheLogOfTheAdapter) {
    std::vector<std::string> messages;
    set_log_handler(LogLevel::debug, [&](LogLevel, std::string_view message) { messages.emplace_back(message); });
    (void)OpenedRuntime::open({INFERENCE_MODELS_TEST_ENGINE, "another one", "", false});
    set_log_handler(LogLevel::off, {});
    EXPECT_THAT(messages, ElementsAre("test runtime opened"));
}

TEST(OpenedRuntime, SaysWhyARuntimeCannotBeOpened) {
    const Error error =
        error_of([] { (void)OpenedRuntime::open({INFERENCE_MODELS_TEST_ENGINE, "missing", "", false}); });
    EXPECT_EQ(error.kind(), ErrorKind::engine_failure);
    EXPECT_EQ(error.subject(), "missing");
    EXPECT_EQ(error.hint(), "Install it.");
}

TEST(OpenedRuntime, RefusesALibraryThatIsNoAdapter) {
    const Error absent = error_of([] { (void)OpenedRuntime::open({"/nowhere/libnothing.so", "any", "", false}); });
    EXPECT_THAT(absent.message(), HasSubstr("/nowhere/libnothing.so"));
    const Error other = error_of([] { (void)OpenedRuntime::open({INFERENCE_MODELS_OTHER_LIBRARY, "any", "", false}); });
    EXPECT_THAT(other.message(), HasSubstr("is not an engine adapter"));
    EXPECT_THAT(other.hint(), HasSubstr("Install"));
}

}  // namespace
}  // namespace inference_models::engines
