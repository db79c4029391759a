#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>

#include <cstring>
#include <memory>
#include <new>

#include "vision/canvas.hpp"
#include "vision/image_codec.hpp"

namespace inference_models::vision {
namespace {

struct DemuxerDeleter {
    void operator()(WebPDemuxer* demuxer) const noexcept { WebPDemuxDelete(demuxer); }
};
struct AnimationDeleter {
    void operator()(WebPAnimDecoder* decoder) const noexcept { WebPAnimDecoderDelete(decoder); }
};
struct BufferDeleter {
    void operator()(std::uint8_t* buffer) const noexcept { WebPFree(buffer); }
};

/// The container's own size comes second in it: "RIFF", then what follows, little-endian.
bool is_cut_short(Bytes bytes) {
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size |= std::to_integer<std::uint64_t>(bytes[4 + i]) << (8 * i);
    return bytes.size() < size + 8;
}

Error failure(VP8StatusCode status, Bytes bytes, const std::string& name) {
    if (status == VP8_STATUS_NOT_ENOUGH_DATA || is_cut_short(bytes)) return truncated_image(name);
    if (status == VP8_STATUS_UNSUPPORTED_FEATURE)
        return damaged_image(name, "it uses a feature that WebP does not have");
    return damaged_image(name, "its WebP data makes no sense");
}

WebPBitstreamFeatures read_features(Bytes bytes, const std::string& name) {
    WebPBitstreamFeatures features{};
    const VP8StatusCode status = WebPGetFeatures(data_of(bytes), bytes.size(), &features);
    if (status != VP8_STATUS_OK) throw failure(status, bytes, name);
    return features;
}

void decode_still(Image& image, Bytes bytes, const std::string& name) {
    WebPDecoderConfig config{};
    if (WebPInitDecoderConfig(&config) == 0) throw std::bad_alloc();
    config.output.colorspace = MODE_BGR;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = {image.pixels().data(), static_cast<int>(image.row_stride()), image.pixels().size()};
    const VP8StatusCode status = WebPDecode(data_of(bytes), bytes.size(), &config);
    if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
    if (status != VP8_STATUS_OK) throw failure(status, bytes, name);
}

/// The first frame of an animation, as picture viewers and OpenCV show it.
void decode_first_frame(Image& image, Bytes bytes, const std::string& name) {
    WebPAnimDecoderOptions options{};
    if (WebPAnimDecoderOptionsInit(&options) == 0) throw std::bad_alloc();
    options.color_mode = MODE_BGRA;
    const WebPData data{data_of(bytes), bytes.size()};
    const std::unique_ptr<WebPAnimDecoder, AnimationDeleter> decoder(WebPAnimDecoderNew(&data, &options));
    std::uint8_t* canvas = nullptr;
    int timestamp = 0;
    if (!decoder || WebPAnimDecoderGetNext(decoder.get(), &canvas, &timestamp) == 0) {
        throw failure(VP8_STATUS_BITSTREAM_ERROR, bytes, name);
    }
    const std::span<std::uint8_t> pixels = image.pixels();
    for (std::size_t from = 0, to = 0; to < pixels.size(); from += 4, to += 3) {
        std::memcpy(&pixels[to], canvas + from, 3);
    }
}

Orientation read_orientation(Bytes bytes) {
    const WebPData data{data_of(bytes), bytes.size()};
    const std::unique_ptr<WebPDemuxer, DemuxerDeleter> demuxer(WebPDemux(&data));
    if (!demuxer || (WebPDemuxGetI(demuxer.get(), WEBP_FF_FORMAT_FLAGS) & EXIF_FLAG) == 0) return {};
    WebPChunkIterator chunk{};
    if (WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &chunk) == 0) return {};
    // The chunk lies within `bytes`; releasing the iterator frees nothing that is read here.
    const Bytes exif{reinterpret_cast<const std::byte*>(chunk.chunk.bytes), chunk.chunk.size};
    WebPDemuxReleaseChunkIterator(&chunk);
    return read_exif_orientation(exif);
}

void check_fits_webp(const ImageView& image) {
    if (image.width() <= WEBP_MAX_DIMENSION && image.height() <= WEBP_MAX_DIMENSION) return;
    throw Error(ErrorKind::invalid_argument, "image",
                fmt::format("a picture of {} x {} pixels is too large for WebP", image.width(), image.height()),
                fmt::format("WebP's sides are at most {} pixels: save it as PNG or JPEG.", WEBP_MAX_DIMENSION));
}

}  // namespace

DecodedImage decode_webp(Bytes bytes, const std::string& name) {
    const WebPBitstreamFeatures features = read_features(bytes, name);
    DecodedImage decoded{Image(checked_size(name, static_cast<std::uint64_t>(features.width),
                                            static_cast<std::uint64_t>(features.height))),
                         read_orientation(bytes)};
    if (features.has_animation != 0) {
        decode_first_frame(decoded.image, bytes, name);
    } else {
        decode_still(decoded.image, bytes, name);
    }
    return decoded;
}

std::vector<std::byte> encode_webp(const ImageView& image) {
    if (image.format() == ColorFormat::gray) return encode_webp(copy_as_bgr(image));  // WebP has no gray
    check_fits_webp(image);
    const auto encode = image.format() == ColorFormat::rgb ? WebPEncodeLosslessRGB : WebPEncodeLosslessBGR;
    std::uint8_t* raw = nullptr;
    const std::size_t size = encode(image.pixels(), image.width(), image.height(), checked_stride(image), &raw);
    const std::unique_ptr<std::uint8_t, BufferDeleter> buffer(raw);
    if (size == 0) throw std::bad_alloc();  // the only way left for a valid picture to fail
    const auto* const first = reinterpret_cast<const std::byte*>(buffer.get());
    return {first, first + size};
}

}  // namespace inference_models::vision
