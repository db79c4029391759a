#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <inference_models/detections.hpp>
#include <inference_models/error.hpp>
#include <numeric>
#include <optional>
#include <ranges>

#include "vision/canvas.hpp"
#include "vision/class_colors.hpp"
#include "vision/label_font.hpp"

namespace inference_models {
namespace {

using vision::Color;
using vision::LabelFont;
using vision::Rectangle;

/// How large things are drawn: in proportion to the picture's shorter side, and never too small to be seen.
struct Style {
    std::int32_t line_width;
    std::int32_t text_size;
    std::int32_t label_margin_x;
    std::int32_t label_margin_y;
};

Style style_for(ImageSize size) {
    const std::int32_t side = std::min(size.width, size.height);
    const std::int32_t text_size = std::max(11, side / 46);
    return {.line_width = std::max(2, side / 240),
            .text_size = text_size,
            .label_margin_x = text_size / 3,
            .label_margin_y = text_size / 8};
}

void check_lengths(const Detections& detections) {
    const std::size_t count = detections.size();
    const auto check = [count](std::size_t length, const char* field) {
        if (length == count) return;
        throw Error(ErrorKind::invalid_argument, field,
                    fmt::format("the detections have {} boxes, but {} values in {}", count, length, field),
                    "Give every box a class id and a confidence.");
    };
    check(detections.class_id.size(), "class_id");
    check(detections.confidence.size(), "confidence");
}

/// The most confident first; those with NaN come last. Of equal ones, the first in the list stays first.
std::vector<std::size_t> by_falling_confidence(std::span<const float> confidence) {
    std::vector<std::size_t> order(confidence.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto rank = [confidence](std::size_t i) { return std::isnan(confidence[i]) ? -1.0F : confidence[i]; };
    std::ranges::stable_sort(order, std::greater{}, rank);
    return order;
}

/// The pixels of a box, with half of the line around them, where any of it is in the picture. Any numbers may come.
std::optional<Rectangle> visible_outline(const Box& box, ImageSize size, std::int32_t line_width) {
    const auto [x_min, x_max] = std::minmax(box.x_min, box.x_max);
    const auto [y_min, y_max] = std::minmax(box.y_min, box.y_max);
    const auto width = static_cast<float>(size.width);
    const auto height = static_cast<float>(size.height);
    // Written so that a NaN fails it.
    const bool is_visible = x_min < width && x_max >= 0 && y_min < height && y_max >= 0;
    if (!is_visible) return std::nullopt;
    const auto pixel = [](float value, float limit) {
        return static_cast<std::int32_t>(std::lround(std::clamp(value, 0.0F, limit)));
    };
    const std::int32_t outside = line_width / 2;
    const Rectangle outline{pixel(x_min, width) - outside, pixel(y_min, height) - outside,
                            pixel(x_max, width) + outside, pixel(y_max, height) + outside};
    return vision::intersection(outline, {0, 0, size.width, size.height});
}

std::string name_of(std::int32_t class_id, std::span<const std::string> class_names) {
    const auto index = static_cast<std::size_t>(class_id);
    const bool has_name = class_id >= 0 && index < class_names.size() && !class_names[index].empty();
    return has_name ? class_names[index] : fmt::to_string(class_id);
}

/// `name 0.87`, its name shortened to what fits into the width. Empty where nothing does.
std::u32string label_text(std::string_view name, float confidence, LabelFont& font, std::int32_t width) {
    constexpr std::u32string_view kEllipsis = U"\u2026";
    const std::u32string score = vision::decode_utf8(fmt::format(" {:.2f}", confidence));
    std::u32string shortened = vision::decode_utf8(name);
    std::int32_t needed = font.text_width(shortened) + font.text_width(score);
    if (needed <= width) return shortened + score;
    needed += font.text_width(kEllipsis);
    while (needed > width && !shortened.empty()) {
        needed -= font.text_width({&shortened.back(), 1});
        shortened.pop_back();
    }
    if (needed > width) return {};
    return shortened.append(kEllipsis).append(score);
}

/// Where a label may be, the best place first: on top of its box, then within or below it.
std::array<Rectangle, 5> label_places(const Rectangle& outline, ImageSize label) {
    const auto at = [label](std::int32_t left, std::int32_t top) {
        return Rectangle{left, top, left + label.width, top + label.height};
    };
    const std::int32_t flush_right = outline.right - label.width;
    const Rectangle above = at(outline.left, outline.top - label.height);
    const Rectangle above_right = at(flush_right, outline.top - label.height);
    const Rectangle inside = at(outline.left, outline.top);
    const Rectangle inside_right = at(flush_right, outline.top);
    const Rectangle below = at(outline.left, outline.bottom);
    // In a small box it would hide what was found.
    if (outline.height() < 3 * label.height) return {above, above_right, below, inside, inside_right};
    return {above, above_right, inside, inside_right, below};
}

/// Finds room for labels, so that one does not hide another as long as there is a place for both.
class LabelPlacer {
public:
    explicit LabelPlacer(ImageSize frame) : frame_(frame) {}

    /// A place within the picture for a label that is not larger than it.
    Rectangle place(const Rectangle& outline, ImageSize label) {
        std::optional<Rectangle> first;
        for (const Rectangle& wanted : label_places(outline, label)) {
            const Rectangle place = shifted_sideways(wanted);
            if (place.top < 0 || place.bottom > frame_.height) continue;
            if (!first) first = place;
            if (is_free(place)) return taken_.emplace_back(place);
        }
        // Within the box, but for boxes that end too low for it.
        const std::int32_t top = std::min(outline.top, frame_.height - label.height);
        const Rectangle inside = shifted_sideways({outline.left, top, outline.left + label.width, top + label.height});
        return taken_.emplace_back(first.value_or(inside));
    }

private:
    [[nodiscard]] Rectangle shifted_sideways(const Rectangle& wanted) const {
        const std::int32_t left = std::clamp(wanted.left, 0, frame_.width - wanted.width());
        return {left, wanted.top, left + wanted.width(), wanted.bottom};
    }

    [[nodiscard]] bool is_free(const Rectangle& place) const {
        return std::ranges::none_of(taken_, [&place](const Rectangle& other) {
            const Rectangle shared = vision::intersection(place, other);
            return shared.width() > 0 && shared.height() > 0;
        });
    }

    ImageSize frame_;
    std::vector<Rectangle> taken_;
};

struct Label {
    std::u32string text;
    Rectangle place;
};

/// One visible detection, ready to be drawn.
struct Annotation {
    Rectangle outline;
    Color color;
    std::optional<Label> label;  ///< none where the picture is too small for it
};

/// Turns detections into annotations, the most confident first.
std::vector<Annotation> arrange(const Detections& detections, std::span<const std::string> class_names, ImageSize frame,
                                const Style& style, LabelFont& font) {
    std::vector<Annotation> annotations;
    LabelPlacer placer(frame);
    for (const std::size_t i : by_falling_confidence(detections.confidence)) {
        const auto outline = visible_outline(detections.xyxy[i], frame, style.line_width);
        if (!outline) continue;
        const std::int32_t class_id = detections.class_id[i];
        Annotation& annotation =
            annotations.emplace_back(Annotation{*outline, vision::color_of_class(class_id), std::nullopt});
        std::u32string text = label_text(name_of(class_id, class_names), detections.confidence[i], font,
                                         frame.width - 2 * style.label_margin_x);
        const ImageSize size{font.text_width(text) + 2 * style.label_margin_x,
                             font.line_height() + 2 * style.label_margin_y};
        if (text.empty() || size.height > frame.height) continue;
        annotation.label = Label{std::move(text), placer.place(*outline, size)};
    }
    return annotations;
}

}  // namespace

Image draw_detections(const ImageView& image, const Detections& detections, std::span<const std::string> class_names) {
    check_lengths(detections);
    Image picture = vision::copy_as_bgr(image);
    if (detections.empty()) return picture;
    const Style style = style_for(image.size());
    LabelFont font(style.text_size);
    const std::vector<Annotation> annotations = arrange(detections, class_names, image.size(), style, font);
    // The most confident last, so that nothing covers it. All labels after all boxes, so that no line crosses a text.
    for (const Annotation& annotation : annotations | std::views::reverse) {
        vision::draw_outline(picture, annotation.outline, style.line_width, annotation.color);
    }
    for (const Annotation& annotation : annotations | std::views::reverse) {
        if (!annotation.label) continue;
        const auto& [text, place] = *annotation.label;
        vision::fill(picture, place, annotation.color);
        font.draw(picture, place.left + style.label_margin_x, place.top + style.label_margin_y, text,
                  vision::text_color_on(annotation.color));
    }
    return picture;
}

}  // namespace inference_models
