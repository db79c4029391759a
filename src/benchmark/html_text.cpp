#include "benchmark/html_text.hpp"

#include "common/printable.hpp"

namespace inference_models {

std::string escaped(std::string_view text) {
    std::string html;
    for (const char character : printable(text)) {
        switch (character) {
            case '&': html += "&amp;"; break;
            case '<': html += "&lt;"; break;
            case '>': html += "&gt;"; break;
            case '"': html += "&quot;"; break;
            case '\'': html += "&#39;"; break;
            default: html += character;
        }
    }
    return html;
}

}  // namespace inference_models
