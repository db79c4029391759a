#pragma once

#include "console.hpp"

#include <CLI/CLI.hpp>

#include <functional>

/// The program's commands. Each adds itself, with its options, to the parser; what it is to do is run after parsing.
namespace inference_models::cli {

using Action = std::function<ExitCode()>;

void add_predict(CLI::App& program, Action& chosen);
void add_explain(CLI::App& program, Action& chosen);
void add_describe_runtime(CLI::App& program, Action& chosen);
void add_engine(CLI::App& program, Action& chosen);
void add_describe(CLI::App& program, Action& chosen);
void add_compile(CLI::App& program, Action& chosen);
void add_cache(CLI::App& program, Action& chosen);
void add_hub(CLI::App& program, Action& chosen);
void add_verify(CLI::App& program, Action& chosen);
void add_benchmark(CLI::App& program, Action& chosen);
void add_tune(CLI::App& program, Action& chosen);
void add_recommend(CLI::App& program, Action& chosen);
void add_benchmark_worker(CLI::App& program, Action& chosen);

}  // namespace inference_models::cli
