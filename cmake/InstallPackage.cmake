# What `cmake --install` lays down: the library, its adapters, the program, headers and the CMake package.
include(CMakePackageConfigHelpers)
