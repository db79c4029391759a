#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vision/canvas.hpp"

struct FT_LibraryRec_;
struct FT_FaceRec_;

namespace inference_models::vision {

/// The code points of a text; every byte that is not UTF-8 becomes the replacement character.
[[nodiscard]] std::u32string decode_utf8(std::string_view text);

/// The font that is part of this library, in one size. One for each thread: it remembers the letters that it has drawn.
class LabelFont {
public:
    explicit LabelFont(std::int32_t pixel_size);

    /// From a line's top to its bottom.
    [[nodiscard]] std::int32_t line_height() const noexcept { return ascent_ + descent_; }

    [[nodiscard]] std::int32_t text_width(std::u32string_view text);

    /// Draws a line of text whose top left corner is at (left, top).
    void draw(Image& image, std::int32_t left, std::int32_t top, std::u32string_view text, Color color);

private:
    struct LibraryDeleter {
        void operator()(FT_LibraryRec_* library) const noexcept;
    };
    struct FaceDeleter {
        void operator()(FT_FaceRec_* face) const noexcept;
    };

    /// A letter as rows of coverage; `left` and `top` are from the pen on the baseline.
    struct Glyph {
        std::int32_t left = 0;
        std::int32_t top = 0;
        std::int32_t width = 0;
        std::int32_t height = 0;
        std::int32_t advance = 0;
        std::vector<std::uint8_t> coverage;
    };

    [[nodiscard]] const Glyph& glyph_of(char32_t code_point);
    [[nodiscard]] Glyph render(char32_t code_point) const;

    std::unique_ptr<FT_LibraryRec_, LibraryDeleter> library_;
    std::unique_ptr<FT_FaceRec_, FaceDeleter> face_;
    std::int32_t ascent_ = 0;
    std::int32_t descent_ = 0;
    std::unordered_map<char32_t, Glyph> glyphs_;
};

}  // namespace inference_models::vision
