#pragma once

#include <inference_models/explanation.hpp>

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace inference_models::selection {

/// One line of an expected ranking: reason and remedy are parts of the text; an empty remedy means that there is none.
struct Expected {
    CandidateStatus status;
    std::string where;  ///< `onnx-fp32 onnxruntime cpu`; `-` for the engine where there is none
    std::string reason;
    // NOLINTNEXTLINE(readability-redundant-member-init): GCC warns of initializers that leave it out otherwise
    std::string remedy = {};
};

inline std::string where(const Candidate& candidate) {
    return candidate.package_id + " " + std::string(candidate.engine ? to_string(*candidate.engine) : "-") + " " +
           to_string(candidate.device);
}

inline std::vector<std::string> places(const std::vector<Candidate>& candidates) {
    std::vector<std::string> result;
    for (const Candidate& candidate : candidates) {
        result.push_back(std::string(to_string(candidate.status)) + " " + where(candidate));
    }
    return result;
}

/// The ranking is exactly this one.
inline void expect_ranking(const std::vector<Candidate>& actual, const std::vector<Expected>& expected) {
    std::vector<std::string> expected_places;
    for (const Expected& each : expected) {
        expected_places.push_back(std::string(to_string(each.status)) + " " + each.where);
    }
    ASSERT_EQ(places(actual), expected_places);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        SCOPED_TRACE(expected[i].where);
        EXPECT_THAT(actual[i].reason, testing::HasSubstr(expected[i].reason));
        if (expected[i].remedy.empty()) {
            EXPECT_EQ(actual[i].remedy, "");
        } else {
            EXPECT_THAT(actual[i].remedy, testing::HasSubstr(expected[i].remedy));
        }
    }
}

inline constexpr auto chosen = CandidateStatus::chosen;
inline constexpr auto usable = CandidateStatus::usable;
inline constexpr auto possible = CandidateStatus::possible;
inline constexpr auto rejected = CandidateStatus::rejected;

}  // namespace inference_models::selection
