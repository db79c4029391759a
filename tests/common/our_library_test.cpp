#include "common/our_library.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/current_directory.hpp"
#include "support/temporary_directory.hpp"

namespace inference_models {
namespace {

namespace fs = std::filesystem;

TEST(InstalledDirectory, LiesBesideTheDirectoryOfTheLibrary) {
    const tests::TemporaryDirectory temporary;
    const fs::path prefix = temporary.path() / "usr";
    const fs::path models = prefix / "share/inference_models/models";
    fs::create_directories(models);
    for (const char* const library : {"lib/libours.so", "lib64/libours.so", "lib/x86_64-linux-gnu/libours.so"}) {
        EXPECT_EQ(installed_directory(prefix / library, "models"), models) << library;
        EXPECT_EQ(installed_directory(prefix / library, "adapters"), "") << library;
    }
}

/// Who may write above an installation cannot put anything into it.
TEST(InstalledDirectory, IsNotLookedForAboveTheInstallation) {
    const tests::TemporaryDirectory temporary;
    fs::create_directories(temporary.path() / "share/inference_models/models");
    EXPECT_EQ(installed_directory(temporary.path() / "app/lib/libours.so", "models"), "");
    EXPECT_EQ(installed_directory(temporary.path() / "app/lib64/libours.so", "models"), "");
}

TEST(InstalledDirectory, IsNotLookedForInTheCurrentDirectory) {
    const tests::TemporaryDirectory temporary;
    fs::create_directories(temporary.path() / "share/inference_models/models");
    const tests::CurrentDirectory here(temporary.path());
    EXPECT_EQ(installed_directory({}, "models"), "");
}

TEST(InstalledProgram, LiesInTheInstallationOfTheLibrary) {
    const tests::TemporaryDirectory temporary;
    const fs::path prefix = temporary.path() / "usr";
    fs::create_directories(prefix / "bin/a-directory");
    std::ofstream(prefix / "bin/program") << "#!/bin/sh\n";
    for (const char* const library : {"lib/libours.so", "lib64/libours.so", "lib/x86_64-linux-gnu/libours.so"}) {
        EXPECT_EQ(installed_program(prefix / library, "program"), prefix / "bin/program") << library;
        EXPECT_EQ(installed_program(prefix / library, "another"), "") << library;
        EXPECT_EQ(installed_program(prefix / library, "a-directory"), "") << library;
    }
    EXPECT_EQ(installed_program(temporary.path() / "usr/share/lib/libours.so", "program"), "");
    EXPECT_EQ(installed_program({}, "program"), "");
}

}  // namespace
}  // namespace inference_models
