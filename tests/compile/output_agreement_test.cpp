// When a compiled network answers as its source does.
#include "compile/output_agreement.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <limits>

#include "support/errors.hpp"

namespace inference_models::compile {
namespace {

using tests::error_of;

Tensor tensor(std::vector<std::int64_t> shape, const std::vector<float>& values) {
    Tensor made(ElementType::float32, std::move(shape));
    EXPECT_EQ(made.bytes().size(), values.size() * sizeof(float));
    std::memcpy(made.bytes().data(), values.data(), made.bytes().size());
    return made;
}

/// Boxes of hundreds of pixels and scores of 1e-5, as detectors answer to nothing.
const std::vector<std::int64_t> kShape{1, 2, 3};
const std::vector<float> kValues{100, 300, 600, 1e-5F, 2e-5F, 3e-5F};

void expect_refused(const std::vector<float>& actual, Precision precision) {
    const Error error = error_of([&] {
        static_cast<void>(expect_agreement({tensor(kShape, kValues)}, {tensor(kShape, actual)}, precision, false));
    });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_output);
    EXPECT_THAT(error.message(), testing::HasSubstr("does not answer as the one that it was made from"));
}

TEST(OutputAgreement, TheSameNumbersAgree) {
    EXPECT_EQ(expect_agreement({tensor(kShape, kValues)}, {tensor(kShape, kValues)}, Precision::fp32, false),
              "every number is the same");
}

TEST(OutputAgreement, RoundingAgrees) {
    const std::vector<float> rounded{100.001F, 300.001F, 600.001F, 1.0001e-5F, 2e-5F, 3e-5F};
    EXPECT_THAT(expect_agreement({tensor(kShape, kValues)}, {tensor(kShape, rounded)}, Precision::fp32, false),
                testing::HasSubstr("raw outputs differ by at most"));
    const std::vector<float> half{101, 302, 597, 1.1e-5F, 2.1e-5F, 2.8e-5F};
    EXPECT_NO_THROW(
        static_cast<void>(expect_agreement({tensor(kShape, kValues)}, {tensor(kShape, half)}, Precision::bf16, false)));
    expect_refused(half, Precision::fp32);
}

TEST(OutputAgreement, SmallChannelsAreNotLostBesideLargeOnes) {
    expect_refused({100, 300, 600, 0, 0, 0}, Precision::fp32);
    expect_refused({100, 300, 600, 0, 0, 0}, Precision::bf16);
}

TEST(OutputAgreement, NotANumberIsNoAgreement) {
    const float nothing = std::numeric_limits<float>::quiet_NaN();
    expect_refused({100, nothing, 600, 1e-5F, 2e-5F, 3e-5F}, Precision::bf16);
    expect_refused({100, std::numeric_limits<float>::infinity(), 600, 1e-5F, 2e-5F, 3e-5F}, Precision::bf16);
}

TEST(OutputAgreement, NumbersWhereThereWereNoneAreNoAgreement) {
    const std::vector<float> zeros(6, 0.0F);
    const Error error = error_of([&] {
        static_cast<void>(expect_agreement({tensor(kShape, zeros)}, {tensor(kShape, kValues)}, Precision::bf16, false));
    });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_output);
}

TEST(OutputAgreement, OtherShapesAndNumbersOfOutputsAreNoAgreement) {
    const auto compare = [](std::vector<Tensor> actual) {
        return error_of([&] {
                   static_cast<void>(expect_agreement({tensor(kShape, kValues)}, actual, Precision::fp32, false));
               })
            .message();
    };
    EXPECT_THAT(compare({}), testing::HasSubstr("0 outputs instead of 1"));
    EXPECT_THAT(compare({tensor({1, 3, 2}, kValues)}),
                testing::HasSubstr("output 0 is [1, 3, 2] instead of [1, 2, 3]"));
}

TEST(OutputAgreement, RowsOfFusedNmsMayChangePlaces) {
    const std::vector<float> rows{1, 2, 3, 4, 5, 6};
    const std::vector<float> turned{4, 5, 6, 1, 2, 3};
    const auto compare = [&](bool may_move) {
        return expect_agreement({tensor({1, 2, 3}, rows)}, {tensor({1, 2, 3}, turned)}, Precision::fp32, may_move);
    };
    EXPECT_EQ(compare(true), "every number is the same");
    EXPECT_THROW(static_cast<void>(compare(false)), Error);
}

}  // namespace
}  // namespace inference_models::compile
