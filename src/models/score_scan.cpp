#include "models/score_scan.hpp"

#include <algorithm>

// Highway compiles what is below once for each instruction set; the best one that the machine has is called.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/score_scan.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace inference_models::models::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Columns that are scanned together: their running bests stay in the first-level cache while the rows stream by.
constexpr std::size_t kBlock = 1024;

bool BestClasses(const float* HWY_RESTRICT scores, std::size_t classes, std::size_t boxes,
                 float* HWY_RESTRICT best_score, std::int32_t* HWY_RESTRICT best_class) {
    const hn::ScalableTag<float> floats;
    const hn::RebindToSigned<decltype(floats)> ints;
    const std::size_t lanes = hn::Lanes(floats);
    auto any_nan = hn::FirstN(floats, 0);
    bool scalar_nan = false;
    for (std::size_t start = 0; start < boxes; start += kBlock) {
        const std::size_t end = std::min(start + kBlock, boxes);
        const std::size_t vector_end = start + (end - start) / lanes * lanes;
        for (std::size_t i = start; i < end; ++i) {
            best_score[i] = scores[i];
            best_class[i] = 0;
            scalar_nan |= scores[i] != scores[i];
        }
        for (std::size_t row = 1; row < classes; ++row) {
            const float* HWY_RESTRICT row_scores = scores + row * boxes;
            const auto row_class = hn::Set(ints, static_cast<std::int32_t>(row));
            for (std::size_t i = start; i < vector_end; i += lanes) {
                const auto score = hn::LoadU(floats, row_scores + i);
                const auto best = hn::LoadU(floats, best_score + i);
                const auto better = hn::Gt(score, best);
                any_nan = hn::Or(any_nan, hn::IsNaN(score));
                hn::StoreU(hn::IfThenElse(better, score, best), floats, best_score + i);
                hn::StoreU(hn::IfThenElse(hn::RebindMask(ints, better), row_class, hn::LoadU(ints, best_class + i)),
                           ints, best_class + i);
            }
            for (std::size_t i = vector_end; i < end; ++i) {
                scalar_nan |= row_scores[i] != row_scores[i];
                if (row_scores[i] > best_score[i]) {
                    best_score[i] = row_scores[i];
                    best_class[i] = static_cast<std::int32_t>(row);
                }
            }
        }
    }
    return !scalar_nan && hn::AllFalse(floats, any_nan);
}

}  // namespace inference_models::models::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace inference_models::models {

HWY_EXPORT(BestClasses);

bool best_classes(std::span<const float> scores, std::size_t boxes, std::span<float> best_score,
                  std::span<std::int32_t> best_class) {
    if (boxes == 0) return true;
    return HWY_DYNAMIC_DISPATCH(BestClasses)(scores.data(), scores.size() / boxes, boxes, best_score.data(),
                                             best_class.data());
}

}  // namespace inference_models::models
#endif
