#include "command_line.hpp"

#include <fstream>
#include <iterator>

#include "common/shell_quoting.hpp"

namespace inference_models::cli {

std::string command_line() {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    std::string command = "inference-models";  // wherever it lies
    std::string word;
    std::getline(file, word, '\0');
    while (std::getline(file, word, '\0')) command += ' ' + shell_quoted(word);
    return command;
}

}  // namespace inference_models::cli
