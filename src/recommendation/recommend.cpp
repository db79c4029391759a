#include "recommendation/recommend.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <inference_models/auto_model.hpp>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "common/shell_quoting.hpp"
#include "common/text_table.hpp"
#include "recommendation/command_line.hpp"
#include "recommendation/known_measurements.hpp"
#include "selection/goals.hpp"

namespace inference_models {
namespace recommendation {
namespace {

/// What is not that much faster is not worth a change.
constexpr double kWorthIt = 1.1;

/// `openvino in fp32 (package onnx-fp32, OpenVINO on cpu)`
std::string name_of(const Candidate& candidate) {
    return fmt::format("{} in {} (package {}, {} on {})", to_string(candidate.backend), to_string(*candidate.precision),
                       candidate.package_id, display_name(*candidate.engine), to_string(candidate.device));
}

/// Of the goal; 0 where it was not measured.
double quantity(const Candidate& candidate, Goal goal) {
    return candidate.figures ? selection::quantity(*candidate.figures, goal).value_or(0) : 0;
}

/// `24.6 ms for an image`
std::string told(double value, Goal goal) {
    const int decimals = goal == Goal::latency || goal == Goal::throughput ? 1 : 0;
    std::string figure = fmt::format("{:.{}f} {}", value, decimals, selection::unit_of(goal));
    switch (goal) {
        case Goal::latency: return figure + " for an image";
        case Goal::throughput: return figure;
        case Goal::memory: return figure + " of memory";
        case Goal::startup: return figure + " from start to the first prediction";
    }
    return figure;
}

bool is_proven(const Candidate& candidate, Goal goal) {
    return quantity(candidate, goal) > 0 && candidate.figures->verdict == AgreementVerdict::passes;
}

std::optional<AgreementVerdict> verdict_of(const Candidate& candidate) {
    return candidate.figures ? std::optional(candidate.figures->verdict) : std::nullopt;
}

class Writer {
public:
    explicit Writer(const Evidence& evidence) : evidence_(evidence), chosen_(evidence.explanation.chosen()) {}

    Recommendation write() {
        Recommendation recommendation;
        recommendation.model_id = evidence_.explanation.model_id;
        if (chosen_ == nullptr) {
            say_that_nothing_runs();
        } else {
            say_what_to_use();
            say_what_falls_short();
            say_what_engines_would_bring();
            say_what_precision_would_bring();
            if (command_.empty()) command_ = command("predict", " IMAGE");
        }
        recommendation.text = fmt::format("{}", fmt::join(sentences_, " "));
        recommendation.command = std::move(command_);
        return recommendation;
    }

private:
    void say_that_nothing_runs() {
        sentences_.push_back(fmt::format("Nothing can run {} here yet.", evidence_.explanation.model_id));
        const auto& all = evidence_.explanation.candidates;
        // One that only has to be installed is nearer than one that has to be converted.
        auto mended = std::ranges::find_if(
            all, [](const Candidate& each) { return each.engine.has_value() && !each.remedy.empty(); });
        if (mended == all.end())
            mended = std::ranges::find_if(all, [](const Candidate& each) { return !each.remedy.empty(); });
        if (mended == all.end()) {
            command_ = command("explain");
            return;
        }
        const std::string_view backend = to_string(mended->backend);
        sentences_.push_back(
            fmt::format("The nearest way is {} with the package {}: {}.", backend, mended->package_id, mended->reason));
        command_ = mended->remedy;
    }

    void say_what_to_use() {
        const Goal goal = evidence_.request.goal;
        if (verdict_of(*chosen_) == AgreementVerdict::falls_short) {
            say_that_nothing_is_right();
            return;
        }
        sentences_.push_back(fmt::format("Use {}; from_pretrained takes it by itself.", name_of(*chosen_)));
        if (verdict_of(*chosen_) == AgreementVerdict::proves_nothing) {
            sentences_.push_back(
                "It was measured here, but on images in which the reference finds too little to prove anything, and "
                "they decide nothing: measure with images that show objects of the model's classes.");
            command_ = command("tune", " IMAGE");
            return;
        }
        if (!is_proven(*chosen_, goal)) {
            sentences_.push_back("That is the first of the order that runs here; nothing tells yet how fast it is.");
            command_ = command("tune");
            return;
        }
        say_what_was_measured();
    }

    /// What falls short comes last, so all that runs here as asked does.
    void say_that_nothing_is_right() {
        sentences_.push_back(
            fmt::format("Nothing that runs here as asked finds what the reference finds: from_pretrained would take "
                        "{}, which falls short: {}.",
                        name_of(*chosen_), chosen_->figures->shortfall));
        const bool has_more = std::ranges::any_of(evidence_.explanation.candidates, [](const Candidate& each) {
            return each.status == CandidateStatus::possible;
        });
        sentences_.push_back(fmt::format("See with images of yours how far it is off{}.",
                                         has_more ? ", and install what else is possible" : ""));
        command_ = command("verify", " IMAGE");
    }

    void say_what_was_measured() {
        const Goal goal = evidence_.request.goal;
        std::size_t measured = 0;
        const Candidate* next = nullptr;
        for (const Candidate& each : evidence_.explanation.candidates) {
            if (!is_proven(each, goal)) continue;
            ++measured;
            if (&each != chosen_ && next == nullptr) next = &each;
        }
        const double value = quantity(*chosen_, goal);
        std::string sentence = fmt::format("It was measured here: {}", told(value, goal));
        if (next != nullptr) {
            sentence += fmt::format(
                ", {:.2f} times better than {}, the next of the {} that find what the reference "
                "finds",
                selection::times_better(value, quantity(*next, goal), goal), to_string(next->backend), measured);
        }
        sentences_.push_back(sentence + '.');
    }

    void say_what_falls_short() {
        for (const Candidate& each : evidence_.explanation.candidates) {
            if (&each == chosen_ || !each.runs_here() || verdict_of(each) != AgreementVerdict::falls_short) continue;
            sentences_.push_back(fmt::format("Do not use {}: {}.", name_of(each), each.figures->shortfall));
        }
    }

    /// Of engines that would have to be installed: the best remedy of each, once.
    void say_what_engines_would_bring() {
        std::vector<Engine> told_engines;
        for (const Candidate& each : evidence_.explanation.candidates) {
            const bool is_new = each.engine && std::ranges::find(told_engines, *each.engine) == told_engines.end();
            if (each.status != CandidateStatus::possible || !is_new || each.remedy.empty()) continue;
            if (each.device.kind != DeviceKind::cpu || evidence_.machine.engine(*each.engine).installed) continue;
            told_engines.push_back(*each.engine);
            const std::string_view name = display_name(*each.engine);
            const std::optional<double> gain = known_gain(*each.engine, *chosen_->precision);
            if (!gain) {
                sentences_.push_back(
                    fmt::format("{} is not installed ({}), and nothing was measured with it on a "
                                "machine like this one.",
                                name, each.remedy));
                continue;
            }
            sentences_.push_back(
                fmt::format("{} is not installed ({}): on a machine like this one, {}, it was {:.2f} times "
                            "as fast as {}, both in {}, with {}; that was not measured here.",
                            name, each.remedy, like_->name, *gain, display_name(*chosen_->engine),
                            to_string(*chosen_->precision), kKnownModel));
            if (*gain >= kWorthIt && command_.empty() && evidence_.request.goal == Goal::latency) {
                command_ = each.remedy;
            }
        }
    }

    /// \returns how many times as fast as the chosen candidate on a machine like this one
    [[nodiscard]] std::optional<double> known_gain(Engine engine, Precision precision) const {
        const bool tells_something = like_ != nullptr && chosen_->device.kind == DeviceKind::cpu;
        if (!tells_something) return std::nullopt;
        const auto now = like_->latency_ms(*chosen_->engine, *chosen_->precision);
        const auto then = like_->latency_ms(engine, precision);
        return now && then ? std::optional(*now / *then) : std::nullopt;
    }

    void say_what_precision_would_bring() {
        const Goal goal = evidence_.request.goal;
        const Candidate* const best = best_of_lower();
        if (best != nullptr && verdict_of(*chosen_) == AgreementVerdict::falls_short) {
            sentences_.push_back(fmt::format(
                "Allowing {0} (--precision {0}) gives {1} with {2}, and what it finds here passes the gate of {0}.",
                to_string(*best->precision), told(quantity(*best, goal), goal), to_string(best->backend)));
            return;
        }
        if (best != nullptr && is_proven(*chosen_, goal)) {
            const double gain = selection::times_better(quantity(*best, goal), quantity(*chosen_, goal), goal);
            sentences_.push_back(
                gain >= kWorthIt
                    ? fmt::format(
                          "Allowing {0} (--precision {0}) would bring {1}, {2:.2f} times as good, with {3}; what "
                          "it finds here passes the gate of {0}.",
                          to_string(*best->precision), told(quantity(*best, goal), goal), gain,
                          to_string(best->backend))
                    : fmt::format("A lower precision would bring nothing here: the best of them, {} in {}, gives {}.",
                                  to_string(best->backend), to_string(*best->precision),
                                  told(quantity(*best, goal), goal)));
            return;
        }
        for (const Candidate& each : evidence_.lower) {
            if (each.figures && each.figures->verdict == AgreementVerdict::falls_short) {
                sentences_.push_back(fmt::format("{} falls short here: {}.", name_of(each), each.figures->shortfall));
                continue;
            }
            const auto gain = each.figures ? std::nullopt : known_gain(*each.engine, *each.precision);
            if (!gain) continue;
            sentences_.push_back(fmt::format(
                "Allowing {0} (--precision {0}) was not tried here: on a machine like this one, {1}, {2} was {3:.2f} "
                "times as fast in {0} as {4} in {5} with {6}; `inference-models verify` tells whether it finds the "
                "same.",
                to_string(*each.precision), like_->name, display_name(*each.engine), *gain,
                display_name(*chosen_->engine), to_string(*chosen_->precision), kKnownModel));
            return;
        }
    }

    [[nodiscard]] const Candidate* best_of_lower() const {
        const Goal goal = evidence_.request.goal;
        const Candidate* best = nullptr;
        for (const Candidate& each : evidence_.lower) {
            if (!is_proven(each, goal)) continue;
            const bool is_best =
                best == nullptr || selection::is_better(quantity(each, goal), quantity(*best, goal), goal);
            if (is_best) best = &each;
        }
        return best;
    }

    /// \param more  behind the model, such as ` IMAGE`
    [[nodiscard]] std::string command(std::string_view name, std::string_view more = {}) const {
        return fmt::format("inference-models {} {}{}{}", name, shell_quoted(evidence_.model), more,
                           command_line_of(evidence_.request));
    }

    const Evidence& evidence_;
    const Candidate* chosen_;
    const KnownMachine* like_ = machine_like(evidence_.machine.cpu);
    std::vector<std::string> sentences_;
    std::string command_;
};

/// Those that run here in a precision that is lower than what a request without one leads to.
std::vector<Candidate> lower_candidates(const std::string& model, LoadOptions options) {
    std::vector<Candidate> lower;
    if (options.precision) return lower;
    for (const RequestedPrecision precision : {RequestedPrecision::bf16, RequestedPrecision::fp16}) {
        options.precision = precision;
        std::ranges::copy_if(AutoModel::explain(model, options).candidates, std::back_inserter(lower),
                             &Candidate::runs_here);
    }
    return lower;
}

}  // namespace

Recommendation recommend(const Evidence& evidence) {
    return Writer(evidence).write();
}

}  // namespace recommendation

Recommendation recommend(const std::string& model_id_or_path, const LoadOptions& options) {
    return recommendation::recommend({.model = model_id_or_path,
                                      .request = options,
                                      .explanation = AutoModel::explain(model_id_or_path, options),
                                      .lower = recommendation::lower_candidates(model_id_or_path, options),
                                      .machine = AutoModel::describe_runtime()});
}

std::string to_text(const Recommendation& recommendation) {
    std::string text;
    append_wrapped(text, recommendation.text, "", "");
    append_wrapped(text, recommendation.command, "\n    ", "    ");
    return text;
}

std::string to_json(const Recommendation& recommendation) {
    using Json = nlohmann::ordered_json;
    const Json document{
        {"model_id", recommendation.model_id}, {"text", recommendation.text}, {"command", recommendation.command}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace inference_models
