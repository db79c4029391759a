#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <new>

#include "vision/image_codec.hpp"

// libpng reports errors by longjmp, which skips destructors. So everything that owns memory lives in `PngReader`,
// `PngWriter` and their callers, and calls that may fail are made inside of `guarded`, whose steps own nothing.

namespace inference_models::vision {
namespace {

/// Photos are written four times as fast with these as with libpng's defaults, and become a tenth larger.
constexpr int kCompressionLevel = 2;
constexpr int kFilter = PNG_FILTER_PAETH;

/// The most that Deflate can shrink anything.
constexpr std::uint64_t kMaxDeflateRatio = 1032;

/// What libpng's callbacks leave for us.
struct Report {
    std::array<char, 256> message{};
    bool ran_dry = false;
    bool out_of_memory = false;
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
    auto* const report = static_cast<Report*>(png_get_error_ptr(png));
    std::strncpy(report->message.data(), message, report->message.size() - 1);
    png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

/// Whether the step came to its end. It must not own anything: see above.
template <class Step>
[[nodiscard]] bool guarded(png_structp png, Step step) {
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    step();
    return true;
}

class PngReader {
public:
    PngReader(Bytes bytes, const std::string& name)
        : unread_(bytes),
          name_(name),
          png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &report_, on_error, on_warning)),
          info_(png_ == nullptr ? nullptr : png_create_info_struct(png_)) {
        if (info_ == nullptr) {
            png_destroy_read_struct(&png_, nullptr, nullptr);
            throw std::bad_alloc();
        }
        png_set_read_fn(png_, this, read);
    }
    ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;

    /// Reads all up to the pixels and says what they are to be converted to.
    ImageSize read_header() {
        const std::uint64_t file_size = unread_.size();
        check(guarded(png_, [this] {
            skip_metadata();
            png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // `checked_size` knows ours
            png_read_info(png_, info_);
        }));
        const ImageSize size = checked_size(name_, png_get_image_width(png_, info_), png_get_image_height(png_, info_));
        const std::uint64_t stored =
            static_cast<std::uint64_t>(png_get_rowbytes(png_, info_)) * static_cast<std::uint64_t>(size.height);
        if (stored / kMaxDeflateRatio > file_size) throw truncated_image(name_);
        return size;
    }

    void read_pixels(Image& image) {
        check(guarded(png_, [this, &image] {
            convert_to_bgr();
            const int passes = png_set_interlace_handling(png_);
            png_read_update_info(png_, info_);
            if (png_get_rowbytes(png_, info_) != image.row_stride()) png_error(png_, "its rows have a strange size");
            for (int pass = 0; pass < passes; ++pass) read_rows(image);
            png_read_end(png_, info_);
        }));
    }

    [[nodiscard]] Bytes exif() {
        png_bytep data = nullptr;
        png_uint_32 size = 0;
        if (png_get_eXIf_1(png_, info_, &size, &data) == 0) return {};
        return {reinterpret_cast<const std::byte*>(data), size};
    }

private:
    static void read(png_structp png, png_bytep to, std::size_t count) {
        auto& reader = *static_cast<PngReader*>(png_get_io_ptr(png));
        if (count > reader.unread_.size()) {
            reader.report_.ran_dry = true;
            png_error(png, "the end is missing");
        }
        std::memcpy(to, reader.unread_.data(), count);
        reader.unread_ = reader.unread_.subspan(count);
    }

    /// Texts and colour profiles may be packed bombs, and nothing here wants them.
    void skip_metadata() {
        png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
        constexpr std::array<png_byte, 5> kExif{'e', 'X', 'I', 'f', '\0'};
        png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_AS_DEFAULT, kExif.data(), 1);
    }

    /// As OpenCV does: the high byte of 16, alpha and transparency dropped rather than blended.
    void convert_to_bgr() {
        const int color_type = png_get_color_type(png_, info_);
        png_set_strip_16(png_);
        png_set_strip_alpha(png_);
        if (color_type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
        if ((color_type & PNG_COLOR_MASK_COLOR) == 0) {
            png_set_expand_gray_1_2_4_to_8(png_);
            png_set_gray_to_rgb(png_);
        }
        png_set_bgr(png_);
    }

    void read_rows(Image& image) {
        png_bytep row = image.pixels().data();
        for (std::int32_t y = 0; y < image.size().height; ++y, row += image.row_stride()) {
            png_read_row(png_, row, nullptr);
        }
    }

    void check(bool succeeded) const {
        if (succeeded) return;
        if (report_.ran_dry) throw truncated_image(name_);
        throw damaged_image(name_, report_.message.data());
    }

    Bytes unread_;
    const std::string& name_;
    Report report_;
    png_structp png_;
    png_infop info_;
};

class PngWriter {
public:
    PngWriter()
        : png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, &report_, on_error, on_warning)),
          info_(png_ == nullptr ? nullptr : png_create_info_struct(png_)) {
        if (info_ == nullptr) {
            png_destroy_write_struct(&png_, nullptr);
            throw std::bad_alloc();
        }
        png_set_write_fn(png_, this, write, nullptr);
    }
    ~PngWriter() { png_destroy_write_struct(&png_, &info_); }
    PngWriter(const PngWriter&) = delete;
    PngWriter& operator=(const PngWriter&) = delete;

    std::vector<std::byte> encode(const ImageView& image) {
        const bool succeeded = guarded(png_, [this, &image] {
            write_header(image);
            for (std::int32_t y = 0; y < image.height(); ++y) png_write_row(png_, image.row(y).data());
            png_write_end(png_, nullptr);
        });
        if (report_.out_of_memory) throw std::bad_alloc();
        if (!succeeded) {
            throw Error(ErrorKind::io_failure, "image",
                        fmt::format("the picture cannot be encoded as PNG: {}", report_.message.data()));
        }
        return std::move(encoded_);
    }

private:
    void write_header(const ImageView& image) {
        const int color_type = image.format() == ColorFormat::gray ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB;
        png_set_compression_level(png_, kCompressionLevel);
        png_set_filter(png_, PNG_FILTER_TYPE_BASE, kFilter);
        png_set_IHDR(png_, info_, static_cast<png_uint_32>(image.width()), static_cast<png_uint_32>(image.height()), 8,
                     color_type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
        png_write_info(png_, info_);
        if (image.format() == ColorFormat::bgr) png_set_bgr(png_);
    }

    static void write(png_structp png, png_bytep from, std::size_t count) {
        auto& writer = *static_cast<PngWriter*>(png_get_io_ptr(png));
        if (!writer.append(from, count)) png_error(png, "out of memory");
    }

    bool append(png_const_bytep from, std::size_t count) noexcept {
        try {
            const auto* const first = reinterpret_cast<const std::byte*>(from);
            encoded_.insert(encoded_.end(), first, first + count);
        } catch (const std::exception&) {  // it must not travel through libpng's frames
            report_.out_of_memory = true;
        }
        return !report_.out_of_memory;
    }

    Report report_;
    std::vector<std::byte> encoded_;
    png_structp png_;
    png_infop info_;
};

}  // namespace

DecodedImage decode_png(Bytes bytes, const std::string& name) {
    PngReader reader(bytes, name);
    DecodedImage decoded{Image(reader.read_header()), {}};
    reader.read_pixels(decoded.image);
    decoded.orientation = read_exif_orientation(reader.exif());
    return decoded;
}

std::vector<std::byte> encode_png(const ImageView& image) {
    return PngWriter().encode(image);
}

}  // namespace inference_models::vision
