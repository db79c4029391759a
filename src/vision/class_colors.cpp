#include "vision/class_colors.hpp"

#include <array>
#include <cmath>

namespace inference_models::vision {
namespace {

/// The palette of Okabe and Ito, which people with any kind of colour vision can tell apart, without its black.
constexpr std::array<Color, 7> kHues{{{213, 94, 0},     // vermillion
                                      {86, 180, 233},   // sky blue
                                      {0, 158, 115},    // bluish green
                                      {240, 228, 66},   // yellow
                                      {204, 121, 167},  // reddish purple
                                      {0, 114, 178},    // blue
                                      {230, 159, 0}}};  // orange

/// How further rounds through the hues differ from the first: mixed with white or black.
struct Shade {
    int toward;   ///< 0 or 255
    int percent;  ///< how far
};
constexpr std::array<Shade, 3> kShades{{{0, 0}, {255, 45}, {0, 35}}};

constexpr Color shaded(Color color, Shade shade) noexcept {
    const auto mixed = [shade](int value) {
        return static_cast<std::uint8_t>((value * (100 - shade.percent) + shade.toward * shade.percent) / 100);
    };
    return {mixed(color.red), mixed(color.green), mixed(color.blue)};
}

/// As the Web Content Accessibility Guidelines define it: 0 for black, 1 for white.
double relative_luminance(Color color) noexcept {
    const auto linear = [](std::uint8_t value) {
        const double share = value / 255.0;
        return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue);
}

}  // namespace

Color color_of_class(std::int32_t class_id) noexcept {
    const auto number = static_cast<std::uint32_t>(class_id);
    return shaded(kHues[number % kHues.size()], kShades[number / kHues.size() % kShades.size()]);
}

Color text_color_on(Color background) noexcept {
    // Where the contrast with black, (l + 0.05) / 0.05, equals that with white, 1.05 / (l + 0.05).
    constexpr double kEqualContrast = 0.179;
    return relative_luminance(background) > kEqualContrast ? Color{0, 0, 0} : Color{255, 255, 255};
}

}  // namespace inference_models::vision
