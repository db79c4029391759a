#include "vision/label_font.hpp"

#include <fmt/format.h>
#include <ft2build.h>

#include <algorithm>
#include <array>
#include <bit>
#include <inference_models/error.hpp>

#include FT_FREETYPE_H

extern "C" {
extern const unsigned char inference_models_label_font_begin[];
extern const unsigned char inference_models_label_font_end[];
}

namespace inference_models::vision {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

/// FreeType counts in 64ths of a pixel.
std::int32_t whole_pixels(FT_Pos value) {
    return static_cast<std::int32_t>((value + 32) >> 6);
}

void check(FT_Error error) {
    if (error == FT_Err_Ok) return;
    throw Error(ErrorKind::io_failure, "label font",
                fmt::format("the font that this library was built with cannot be used: FreeType's error {}", error),
                "Build it again with INFERENCE_MODELS_LABEL_FONT set to a TrueType font.");
}

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

struct CodePoint {
    char32_t value = kReplacement;
    std::size_t bytes = 1;
};

/// The first code point of a text that is not empty.
CodePoint first_code_point(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return {lead, 1};
    const auto length = static_cast<std::size_t>(std::countl_one(lead));
    if (length < 2 || length > 4 || text.size() < length) return {};
    char32_t value = lead & (0x7FU >> length);
    for (const char byte : text.substr(1, length - 1)) {
        if (!is_continuation(byte)) return {};
        value = value << 6U | (static_cast<unsigned char>(byte) & 0x3FU);
    }
    constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};  // of so many bytes
    const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < kLeast[length] || value > 0x10FFFF || is_surrogate) return {};
    return {value, length};
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
    std::u32string decoded;
    while (!text.empty()) {
        const CodePoint next = first_code_point(text);
        decoded.push_back(next.value);
        text.remove_prefix(next.bytes);
    }
    return decoded;
}

void LabelFont::LibraryDeleter::operator()(FT_LibraryRec_* library) const noexcept {
    FT_Done_FreeType(library);
}

void LabelFont::FaceDeleter::operator()(FT_FaceRec_* face) const noexcept {
    FT_Done_Face(face);
}

LabelFont::LabelFont(std::int32_t pixel_size) {
    FT_Library library = nullptr;
    check(FT_Init_FreeType(&library));
    library_.reset(library);
    FT_Face face = nullptr;
    check(FT_New_Memory_Face(library, inference_models_label_font_begin,
                             inference_models_label_font_end - inference_models_label_font_begin, 0, &face));
    face_.reset(face);
    check(FT_Set_Pixel_Sizes(face, 0, static_cast<FT_UInt>(pixel_size)));
    ascent_ = whole_pixels(face->size->metrics.ascender);
    descent_ = -whole_pixels(face->size->metrics.descender);
}

std::int32_t LabelFont::text_width(std::u32string_view text) {
    std::int32_t width = 0;
    for (const char32_t code_point : text) width += glyph_of(code_point).advance;
    return width;
}

void LabelFont::draw(Image& image, std::int32_t left, std::int32_t top, std::u32string_view text, Color color) {
    for (const char32_t code_point : text) {
        const Glyph& glyph = glyph_of(code_point);
        const std::int32_t x = left + glyph.left;
        const std::int32_t y = top + ascent_ - glyph.top;
        const Rectangle visible = intersection({x, y, x + glyph.width, y + glyph.height}, frame_of(image));
        for (std::int32_t row = visible.top; row < visible.bottom; ++row) {
            for (std::int32_t column = visible.left; column < visible.right; ++column) {
                const auto index = static_cast<std::size_t>((row - y) * glyph.width + column - x);
                blend(image, column, row, color, glyph.coverage[index]);
            }
        }
        left += glyph.advance;
    }
}

const LabelFont::Glyph& LabelFont::glyph_of(char32_t code_point) {
    const auto found = glyphs_.find(code_point);
    if (found != glyphs_.end()) return found->second;
    return glyphs_.emplace(code_point, render(code_point)).first->second;
}

LabelFont::Glyph LabelFont::render(char32_t code_point) const {
    // Glyph 0, the box that stands for missing ones, is what FreeType takes for a code point that the font lacks.
    check(FT_Load_Char(face_.get(), code_point, FT_LOAD_RENDER));
    const FT_GlyphSlot slot = face_->glyph;
    const FT_Bitmap& bitmap = slot->bitmap;
    Glyph glyph{.left = slot->bitmap_left,
                .top = slot->bitmap_top,
                .width = static_cast<std::int32_t>(bitmap.width),
                .height = static_cast<std::int32_t>(bitmap.rows),
                .advance = whole_pixels(slot->advance.x),
                .coverage = {}};
    for (std::int32_t y = 0; y < glyph.height; ++y) {
        const unsigned char* const row = bitmap.buffer + std::ptrdiff_t{y} * bitmap.pitch;
        glyph.coverage.insert(glyph.coverage.end(), row, row + glyph.width);
    }
    return glyph;
}

}  // namespace inference_models::vision
