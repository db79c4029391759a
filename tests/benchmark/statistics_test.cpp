#include "benchmark/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace inference_models {
namespace {

/// Expected is what numpy.percentile(samples, [50, 90, 99]) gives.
TEST(Statistics, PercentilesAreThoseOfNumpy) {
    const Percentiles odd = percentiles_of({41.25, 39.5, 40.125, 58.75, 39.875, 40.5, 39.625});
    EXPECT_DOUBLE_EQ(odd.p50, 40.125);
    EXPECT_DOUBLE_EQ(odd.p90, 48.25);
    EXPECT_DOUBLE_EQ(odd.p99, 57.699999999999996);
    const Percentiles even = percentiles_of({3, 1, 2, 10});
    EXPECT_DOUBLE_EQ(even.p50, 2.5);
    EXPECT_DOUBLE_EQ(even.p90, 7.9);
    EXPECT_DOUBLE_EQ(even.p99, 9.79);
}

TEST(Statistics, OneSampleIsEveryPercentile) {
    const Percentiles one = percentiles_of({7.5});
    EXPECT_EQ(one.p50, 7.5);
    EXPECT_EQ(one.p90, 7.5);
    EXPECT_EQ(one.p99, 7.5);
    EXPECT_EQ(median({7.5}), 7.5);
}

TEST(Statistics, TheMedianIsTheMiddleInWhateverOrder) {
    EXPECT_EQ(median({9, 1, 5}), 5);
    EXPECT_EQ(median({9, 1, 5, 6}), 5.5);
}

TEST(Statistics, NothingMeasuredIsNoNumber) {
    EXPECT_TRUE(std::isnan(median({})));
    EXPECT_TRUE(std::isnan(percentiles_of({}).p99));
}

}  // namespace
}  // namespace inference_models
