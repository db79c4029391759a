# How every target of this project is compiled.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# From the build tree as from the install tree, programs find our library and our library finds its adapters.
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

# The settings that all our targets share: C++20, hidden symbols, every warning.
add_library(inference_models_settings INTERFACE)
target_compile_features(inference_models_settings INTERFACE cxx_std_20)
target_compile_options(inference_models_settings INTERFACE
    # Results must be the same on every processor: no product and sum are joined unless the code says so.
    -ffp-contract=off
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    $<$<BOOL:${INFERENCE_MODELS_WARNINGS_AS_ERRORS}>:-Werror>)

# What each of our targets is made with. Properties rather than global variables, so that a project that adds this one
# as a subdirectory keeps its own.
function(inference_models_target name)
    target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:inference_models_settings>)
    set_target_properties(${name} PROPERTIES
        CXX_EXTENSIONS OFF
        CXX_VISIBILITY_PRESET hidden
        C_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON
        POSITION_INDEPENDENT_CODE ON)
endfunction()

# A library that is opened or linked by nothing but its exported symbols.
function(inference_models_closed_library name)
    target_link_options(${name} PRIVATE -Wl,--no-undefined -Wl,--exclude-libs,ALL -Wl,-z,now)
endfunction()
