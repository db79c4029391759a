# The libraries this project is built with. All are Debian packages: scripts/packages.txt names them.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)  # JSON of packages and of our own output
find_package(fmt 9 REQUIRED)               # std::format is not in libstdc++ 12
find_package(CLI11 2.1 REQUIRED)           # the command line
find_package(Freetype REQUIRED)            # labels on pictures
find_package(PNG REQUIRED)
pkg_check_modules(turbojpeg REQUIRED IMPORTED_TARGET libturbojpeg)
pkg_check_modules(webp REQUIRED IMPORTED_TARGET libwebp libwebpdemux)
pkg_check_modules(exif REQUIRED IMPORTED_TARGET libexif)
pkg_check_modules(nettle REQUIRED IMPORTED_TARGET nettle)  # MD5 and SHA-256, the latter by the CPU's instructions
find_package(CURL 7.66 REQUIRED)  # headers alone: libcurl is opened when something is downloaded
find_package(Boost 1.81 REQUIRED)  # headers alone: Beast and Asio, for `hub serve`
find_package(hwy 1.0 REQUIRED)                # SIMD with dispatch at run time
find_path(STB_INCLUDE_DIR stb/stb_image.h REQUIRED)      # BMP
find_path(PROTOZERO_INCLUDE_DIR protozero/pbf_reader.hpp REQUIRED)  # reads ONNX files without generated code

# The font that labels are drawn with; it may be redistributed (Bitstream Vera licence).
find_file(INFERENCE_MODELS_LABEL_FONT DejaVuSans.ttf PATHS /usr/share/fonts/truetype/dejavu REQUIRED)
