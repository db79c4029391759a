#include "models/score_scan.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <limits>
#include <random>
#include <vector>

namespace inference_models::models {
namespace {

struct Best {
    std::vector<float> score;
    std::vector<std::int32_t> row;
    bool finite;
    bool operator==(const Best&) const = default;
};

Best scan(const std::vector<float>& scores, std::size_t boxes) {
    Best best{std::vector<float>(boxes), std::vector<std::int32_t>(boxes), true};
    best.finite = best_classes(scores, boxes, best.score, best.row);
    return best;
}

Best one_by_one(const std::vector<float>& scores, std::size_t boxes) {
    Best best{std::vector<float>(boxes), std::vector<std::int32_t>(boxes), true};
    for (std::size_t i = 0; i < boxes; ++i) {
        std::size_t row = 0;
        for (std::size_t k = 1; k < scores.size() / boxes; ++k) {
            if (scores[k * boxes + i] > scores[row * boxes + i]) row = k;
        }
        best.score[i] = scores[row * boxes + i];
        best.row[i] = static_cast<std::int32_t>(row);
    }
    return best;
}

/// Every instruction set that this machine has, by its Highway target.
class ScoreScan : public testing::TestWithParam<std::int64_t> {
protected:
    void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
    void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(ScoreScan, FindsTheFirstOfTheLargest) {
    std::mt19937 random(3);
    std::uniform_int_distribution<int> value(0, 9);  // few values: many ties
    for (const std::size_t boxes : {1U, 2U, 7U, 16U, 33U, 1023U, 1024U, 1025U, 8400U}) {
        for (const std::size_t rows : {1U, 2U, 80U}) {
            std::vector<float> scores(rows * boxes);
            for (float& score : scores) score = static_cast<float>(value(random));
            EXPECT_EQ(scan(scores, boxes), one_by_one(scores, boxes)) << rows << " x " << boxes;
        }
    }
}

TEST_P(ScoreScan, SeesANaNAnywhere) {
    constexpr std::size_t kBoxes = 37;
    constexpr std::size_t kRows = 3;
    for (std::size_t at = 0; at < kBoxes * kRows; ++at) {
        std::vector<float> scores(kBoxes * kRows, 0.5F);
        scores[at] = std::numeric_limits<float>::quiet_NaN();
        EXPECT_FALSE(scan(scores, kBoxes).finite) << at;
    }
}

std::vector<std::int64_t> supported_targets() {
    std::vector<std::int64_t> targets;
    for (std::int64_t rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) targets.push_back(rest & -rest);
    return targets;
}

INSTANTIATE_TEST_SUITE_P(Targets, ScoreScan, testing::ValuesIn(supported_targets()),
                         [](const auto& target) { return std::string(hwy::TargetName(target.param)); });

}  // namespace
}  // namespace inference_models::models
