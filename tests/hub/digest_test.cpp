// Against the vectors of RFC 1321 (MD5), FIPS 180-2 (SHA-256) and RFC 4231 (HMAC).
#include "hub/digest.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <inference_models/error.hpp>

#include "support/errors.hpp"
#include "support/temporary_directory.hpp"

namespace inference_models::hub {
namespace {

using namespace tests;

TEST(Digest, IsThatOfTheStandards) {
    DigestStream stream;
    stream.add(std::as_bytes(std::span("a", 1)));
    stream.add(std::as_bytes(std::span("bc", 2)));
    const Digests digests = stream.finish();
    EXPECT_EQ(digests.md5, "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(digests.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digests.size, 3U);
    EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(keyed_sha256("Jefe", "what do ya want for nothing?"),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, OfAFileIsThatOfItsBytes) {
    const TemporaryDirectory temporary;
    const auto path = temporary.path() / "file";
    const std::string text(3'000'001, 'x');
    std::ofstream(path) << text;
    EXPECT_EQ(digests_of_file(path).sha256, sha256(text));
    EXPECT_EQ(digests_of_file(path).size, text.size());
    EXPECT_EQ(error_of([&] { static_cast<void>(digests_of_file(temporary.path() / "none")); }).kind(),
              ErrorKind::io_failure);
    EXPECT_EQ(error_of([&] { static_cast<void>(digests_of_file(temporary.path())); }).kind(), ErrorKind::io_failure);
}

}  // namespace
}  // namespace inference_models::hub
