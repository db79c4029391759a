#include "hub/progress/download_progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/progress/speed_meter.hpp"

namespace inference_models::hub {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;

/// Time that stands still until it is moved.
struct TestClock {
    std::chrono::steady_clock::time_point time{1h};
};

DownloadProgress progress(std::uint64_t done, std::optional<std::uint64_t> total, bool finished = false) {
    return {.model_id = "m",
            .package_id = "p",
            .bytes_done = done,
            .bytes_total = total,
            .bytes_per_second = 2'000'000,
            .time_left = 3s,
            .finished = finished};
}

TEST(SpeedMeter, MeasuresTheLastSecondsAlone) {
    TestClock clock;
    SpeedMeter meter("m", "p", [&] { return clock.time; });
    const DownloadProgress first = meter.measure(1000, 100'000);
    EXPECT_EQ(first.bytes_per_second, 0);
    EXPECT_EQ(first.time_left, std::nullopt);
    std::uint64_t done = 1000;
    for (int i = 0; i < 100; ++i) {  // 10 seconds, 1000 bytes in each
        clock.time += 100ms;
        done += 100;
        static_cast<void>(meter.measure(done, 100'000));
    }
    EXPECT_DOUBLE_EQ(meter.measure(done, 100'000).bytes_per_second, 1000);
    for (int i = 0; i < 60; ++i) {  // then twice as fast for longer than what is remembered
        clock.time += 100ms;
        done += 200;
        static_cast<void>(meter.measure(done, 100'000));
    }
    const DownloadProgress last = meter.measure(done, 100'000);
    EXPECT_DOUBLE_EQ(last.bytes_per_second, 2000);
    EXPECT_EQ(last.time_left, 39s);  // 77'000 bytes, rounded up
    EXPECT_EQ(last.model_id, "m");
    EXPECT_EQ(last.package_id, "p");
}

TEST(SpeedMeter, TellsNoTimeThatItDoesNotKnow) {
    TestClock clock;
    SpeedMeter meter("m", "p", [&] { return clock.time; });
    static_cast<void>(meter.measure(0, std::nullopt));
    clock.time += 1s;
    EXPECT_EQ(meter.measure(10, std::nullopt).time_left, std::nullopt);
    EXPECT_EQ(meter.measure(10, 10).time_left, 0s);
    EXPECT_EQ(meter.measure(20, 10).time_left, 0s);
    EXPECT_EQ(meter.measure(20, std::uint64_t{1} << 63U).time_left, std::nullopt);
    // What was wrong is brought again: no negative speed.
    EXPECT_EQ(meter.measure(0, 10).bytes_per_second, 0);
}

TEST(DownloadProgressHandler, DecidesWhetherItGoesOn) {
    EXPECT_TRUE(report_download_progress(progress(1, 2)));
    std::uint64_t told = 0;
    set_download_progress_handler([&](const DownloadProgress& now) {
        told = now.bytes_done;
        return false;
    });
    EXPECT_FALSE(report_download_progress(progress(7, 9)));
    EXPECT_EQ(told, 7U);
    set_download_progress_handler(nullptr);
    EXPECT_TRUE(report_download_progress(progress(1, 2)));
}

class Printing : public ::testing::Test {
protected:
    std::string take() { return std::exchange(written_, {}); }

    TestClock clock_;
    std::optional<std::size_t> width_;
    std::string written_;
    ProgressPrinter printer_{{[this](std::string_view text) { written_ += text; }, [this] { return width_; },
                              [this] { return clock_.time; }}};
};

TEST_F(Printing, LinesAreFewWhereThereIsNoTerminal) {
    printer_.show(progress(0, 10'000'000));
    EXPECT_EQ(take(), "downloading m/p:   0 % 0 bytes of 10.0 MB, 2.0 MB/s, 3 s left\n");
    clock_.time += 1s;
    printer_.show(progress(900'000, 10'000'000));
    EXPECT_EQ(take(), "");
    printer_.show(progress(1'000'000, 10'000'000));
    EXPECT_EQ(take(), "m/p:  10 % 1.0 MB of 10.0 MB, 2.0 MB/s, 3 s left\n");
    clock_.time += 9s;
    printer_.show(progress(1'000'001, 10'000'000));
    EXPECT_EQ(take(), "");
    clock_.time += 1s;
    printer_.show(progress(1'000'002, 10'000'000));
    EXPECT_THAT(take(), HasSubstr("10 %"));
    printer_.show(progress(10'000'000, 10'000'000, true));
    EXPECT_EQ(take(), "m/p: done, 10.0 MB after 11 s\n");
    printer_.show(progress(5'000'000, 10'000'000, true));
    EXPECT_EQ(take(), "m/p: stopped, 5.0 MB after 0 s\n");
}

TEST_F(Printing, WhatNeverCameIsNotDone) {
    printer_.show(progress(0, std::nullopt));
    printer_.show(progress(0, std::nullopt, true));
    EXPECT_THAT(take(), HasSubstr("m/p: stopped, 0 bytes after"));
}

TEST_F(Printing, WaitingForAnotherProcessIsSaid) {
    DownloadProgress waiting = progress(0, std::nullopt);
    waiting.waiting = true;
    printer_.show(waiting);
    EXPECT_EQ(take(), "m/p: waiting for another process, which downloads it\n");
    waiting.finished = true;
    printer_.show(waiting);
    EXPECT_EQ(take(), "m/p: no longer waiting after 0 s\n");
}

TEST_F(Printing, ABarIsDrawnTenTimesASecondAndFitsTheTerminal) {
    width_ = 80;
    printer_.show(progress(5'000'000, 10'000'000));
    EXPECT_EQ(take(), "\r\x1b[Km/p  50 % [##############...............] 5.0 MB of 10.0 MB, 2.0 MB/s, 3 s left");
    clock_.time += 99ms;
    printer_.show(progress(6'000'000, 10'000'000));
    EXPECT_EQ(take(), "");
    for (std::size_t width = 1; width < 200; ++width) {
        clock_.time += 100ms;
        width_ = width;
        printer_.show(progress(6'000'000, 10'000'000));
        EXPECT_LT(take().size() - 4, std::max<std::size_t>(width, 2)) << width;
    }
    printer_.show(progress(10'000'000, 10'000'000, true));
    EXPECT_THAT(take(), EndsWith("\n"));
}

TEST_F(Printing, OneBarStandsForSeveralDownloadsAndNamesSteerNoTerminal) {
    width_ = 120;
    DownloadProgress other = progress(1, 2);
    other.package_id = "\x1b[31m";
    printer_.show(progress(5, 10));
    clock_.time += 100ms;
    take();
    printer_.show(other);
    EXPECT_THAT(take(), ::testing::AllOf(HasSubstr("m/p  50 %"), HasSubstr("(and 1 more)")));
    other.finished = true;
    printer_.show(other);
    EXPECT_THAT(take(), HasSubstr("m/?[31m: stopped"));
}

}  // namespace
}  // namespace inference_models::hub
