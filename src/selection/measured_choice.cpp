#include "selection/measured_choice.hpp"

#include "selection/goals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace inference_models::selection {
namespace {

// --- Goals in words --------------------------------------------------------------------------------------------------

std::string_view best_of(Goal goal) {
    switch (goal) {
        case Goal::latency: return "the least latency";
        case Goal::throughput: return "the most images per second";
        case Goal::memory: return "the least memory";
        case Goal::startup: return "the soonest first prediction";
    }
    return {};
}

/// `24.2 ms`, with three digits that count.
std::string told(double value, Goal goal) {
    constexpr double kTens = 10;
    constexpr double kHundreds = 100;
    const int decimals = value < kTens ? 2 : value < kHundreds ? 1 : 0;
    return fmt::format("{:.{}f} {}", value, decimals, unit_of(goal));
}

/// What measures all that a goal needs.
std::string_view tune_command(Goal goal) {
    return goal == Goal::throughput ? "`inference-models tune MODEL --goal throughput`"
                                    : "`inference-models tune MODEL`";
}

// --- What figures say of one candidate -------------------------------------------------------------------------------

enum class Standing {
    agrees,       ///< has been measured for the goal, and finds what the reference finds
    unproven,     ///< has been measured, on images that prove nothing
    unmeasured,   ///< has not, or not for this goal
    falls_short,  ///< does not find what the reference finds, or cannot be loaded or run
};

Standing standing_of(const Candidate& candidate, Goal goal) {
    if (!candidate.figures) return Standing::unmeasured;
    switch (candidate.figures->verdict) {
        case AgreementVerdict::falls_short: return Standing::falls_short;
        case AgreementVerdict::proves_nothing: return Standing::unproven;
        case AgreementVerdict::passes: break;
    }
    return quantity(*candidate.figures, goal) ? Standing::agrees : Standing::unmeasured;
}

/// How much of fp32 is left. What nobody states had to pass the gate of fp32.
int height_of(std::optional<Precision> precision) {
    switch (precision.value_or(Precision::fp32)) {
        case Precision::fp32: return 3;
        case Precision::fp16: return 2;
        case Precision::bf16: return 1;
        case Precision::int8: return 0;
    }
    return 0;
}

/// What a candidate must be computed in and stored in, at least.
struct Heights {
    int computed = 0;
    int stored = 0;
};

/// Figures lower no precision that was not asked for. What is computed in one that was has to be stored in no lower one
/// either, unless the order's first is, or `quantization` allows it.
Heights least_heights(const LoadOptions& request, const Candidate& first) {
    const Heights of_first{.computed = height_of(first.precision), .stored = height_of(first.quantization)};
    if (!request.precision) return of_first;
    const bool is_stored_in_any = request.precision == RequestedPrecision::fastest || !request.quantization.empty();
    if (is_stored_in_any) return {};
    // All that run are computed in what was asked for.
    return {.computed = of_first.computed, .stored = std::min(of_first.computed, of_first.stored)};
}

/// The request, and all that run here in the order.
class Contest {
public:
    Contest(const LoadOptions& request, std::span<const RankedCandidate> in_order)
        : request_(request),
          least_(least_heights(request, in_order.front().candidate)),
          first_backend_(in_order.front().candidate.backend) {
        const Standing first = standing(in_order.front().candidate);
        if (first != Standing::agrees && first != Standing::falls_short) return;
        const auto best = std::ranges::find_if(in_order, [&](const RankedCandidate& each) {
            return standing(each.candidate) == Standing::agrees && broken_rule(each.candidate).empty();
        });
        if (best != in_order.end()) run_ = best->candidate.figures->measured_at;
    }

    [[nodiscard]] Standing standing(const Candidate& candidate) const { return standing_of(candidate, request_.goal); }

    /// What keeps a candidate from being chosen by its figures, whatever they are. Empty where nothing does.
    [[nodiscard]] std::string obstacle(const Candidate& candidate) const {
        if (const auto rule = broken_rule(candidate); !rule.empty()) return std::string(rule);
        if (standing(candidate) != Standing::agrees || candidate.figures->measured_at == run_) return {};
        return fmt::format("measured here in another run than the first of the order: {} measures all at once",
                           tune_command(request_.goal));
    }

    /// Whether it is among those that figures decide between. They decide nothing while the order's first is unknown.
    [[nodiscard]] bool competes(const Candidate& candidate) const {
        return run_ && standing(candidate) == Standing::agrees && obstacle(candidate).empty();
    }

    /// Smaller comes first; those that are equal stay in the order.
    [[nodiscard]] std::tuple<int, double> place(const Candidate& candidate) const {
        if (standing(candidate) == Standing::falls_short) return {2, 0};
        if (!competes(candidate)) return {1, 0};
        const double value = quantity(*candidate.figures, request_.goal).value();
        return {0, request_.goal == Goal::throughput ? -value : value};
    }

private:
    /// A rule of more weight than figures.
    [[nodiscard]] std::string_view broken_rule(const Candidate& candidate) const {
        const bool is_lower =
            height_of(candidate.precision) < least_.computed || height_of(candidate.quantization) < least_.stored;
        if (is_lower) return "a lower precision is taken only when asked for";
        if (!request_.backends.empty() && candidate.backend != first_backend_) return "the asked order comes first";
        return {};
    }

    const LoadOptions& request_;
    Heights least_;
    BackendType first_backend_;
    /// When the order's first of those that agree was measured: all that were measured together bear one time, and what
    /// was measured at another time was measured on a machine that had other things to do. None: figures decide nothing
    std::optional<std::chrono::system_clock::time_point> run_;
};

// --- Reasons ---------------------------------------------------------------------------------------------------------

/// Of a candidate that is not chosen by its figures, and for which there are some here, or of others.
std::string measured_words(const Candidate& candidate, Standing standing, Goal goal) {
    switch (standing) {
        case Standing::agrees: return "measured here: " + told(quantity(*candidate.figures, goal).value(), goal);
        case Standing::unproven: return "measured here, but the images prove nothing of what it finds";
        case Standing::falls_short: return "measured here: falls short: " + candidate.figures->shortfall;
        case Standing::unmeasured: break;
    }
    const std::string for_goal = candidate.figures ? fmt::format("for {} ", to_string(goal)) : std::string();
    return fmt::format("{}not measured here: {} does it", for_goal, tune_command(goal));
}

std::string why_best(const Candidate& chosen, std::ptrdiff_t competitors, Goal goal) {
    const std::string value = told(quantity(*chosen.figures, goal).value(), goal);
    if (competitors == 1) {
        return fmt::format("the only one that was measured here and agrees with the reference: {}", value);
    }
    return fmt::format("{} of {} that were measured here and agree with the reference: {}", best_of(goal), competitors,
                       value);
}

std::string why_chosen(std::span<const RankedCandidate> usable, const Contest& contest, const LoadOptions& request,
                       bool is_orders_first) {
    const Candidate& chosen = usable.front().candidate;
    if (contest.competes(chosen)) {
        const auto competitors = std::ranges::count_if(
            usable, [&](const RankedCandidate& each) { return contest.competes(each.candidate); });
        return why_best(chosen, competitors, request.goal);
    }
    const Standing standing = contest.standing(chosen);
    std::string text = why_first(chosen, request);
    if (!is_orders_first) text += ", after others that fall short";
    text += "; " + measured_words(chosen, standing, request.goal);
    if (standing == Standing::falls_short) text += "; so does all else that runs here";
    return text;
}

std::string why_not_chosen(const RankedCandidate& behind, const RankedCandidate& chosen, const Contest& contest,
                           const LoadOptions& request) {
    const Candidate& candidate = behind.candidate;
    const Standing standing = contest.standing(candidate);
    std::string words = measured_words(candidate, standing, request.goal);
    if (standing == Standing::falls_short) return words;
    if (!contest.competes(chosen.candidate)) return why_behind(behind.rank, chosen.rank, request) + "; " + words;
    if (const auto obstacle = contest.obstacle(candidate); !obstacle.empty()) {
        return fmt::format("{}; {}", obstacle, words);
    }
    if (standing != Standing::agrees) return words;
    const double value = quantity(*candidate.figures, request.goal).value();
    const double best = quantity(*chosen.candidate.figures, request.goal).value();
    return fmt::format("{}, {:.2f} times the chosen one's", told(value, request.goal), value / best);
}

// --- The choice ------------------------------------------------------------------------------------------------------

/// \returns whether there were any for them
bool add_figures(std::span<RankedCandidate> usable, std::span<const Figures> figures) {
    bool added = false;
    for (RankedCandidate& each : usable) {
        Candidate& candidate = each.candidate;
        const auto found = std::ranges::find_if(figures, [&](const Figures& of) {
            return of.package_id == candidate.package_id && of.engine == candidate.engine &&
                   of.device == candidate.device && of.precision == candidate.precision;
        });
        if (found == figures.end()) continue;
        candidate.figures = *found;
        added = true;
    }
    return added;
}

void choose_by_order(std::span<RankedCandidate> usable, const LoadOptions& request) {
    RankedCandidate& chosen = usable.front();
    chosen.candidate.status = CandidateStatus::chosen;
    chosen.candidate.reason += "; " + why_first(chosen.candidate, request);
    for (RankedCandidate& each : usable.subspan(1)) {
        each.candidate.reason += "; behind the chosen one: " + why_behind(each.rank, chosen.rank, request);
    }
}

void choose_by_figures(std::span<RankedCandidate> usable, const LoadOptions& request) {
    const Contest contest(request, usable);
    const Rank orders_first = usable.front().rank;
    std::ranges::stable_sort(usable, {}, [&](const RankedCandidate& each) { return contest.place(each.candidate); });
    RankedCandidate& chosen = usable.front();
    chosen.candidate.status = CandidateStatus::chosen;
    chosen.candidate.reason += "; " + why_chosen(usable, contest, request, chosen.rank == orders_first);
    for (RankedCandidate& each : usable.subspan(1)) {
        each.candidate.reason += "; behind the chosen one: " + why_not_chosen(each, chosen, contest, request);
    }
}

}  // namespace

void choose(std::span<RankedCandidate> usable, std::span<const Figures> figures, const LoadOptions& request) {
    if (usable.empty()) return;
    if (add_figures(usable, figures)) {
        choose_by_figures(usable, request);
    } else {
        choose_by_order(usable, request);
    }
}

}  // namespace inference_models::selection
