# What `cmake --install` lays down: the library, its adapters beside it, the program, headers and the CMake package,
# so that find_package(inference_models) works from another project. The prefix can be moved afterwards.
include(CMakePackageConfigHelpers)

set(INFERENCE_MODELS_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/inference_models")
get_property(adapters GLOBAL PROPERTY INFERENCE_MODELS_ADAPTERS)

install(TARGETS inference_models EXPORT inference_models
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(TARGETS ${adapters} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(TARGETS inference_models_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/inference_models" "${PROJECT_BINARY_DIR}/include/inference_models"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.hpp")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
# The licence of the font that is part of the library.
install(FILES /usr/share/doc/fonts-dejavu-core/copyright
    DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME LICENSE-DejaVuSans)

install(EXPORT inference_models
    FILE inference_models-targets.cmake
    NAMESPACE inference_models::
    DESTINATION "${INFERENCE_MODELS_CMAKE_DIR}")
configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/inference_models-config.cmake.in"
    "${PROJECT_BINARY_DIR}/inference_models-config.cmake"
    INSTALL_DESTINATION "${INFERENCE_MODELS_CMAKE_DIR}")
write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/inference_models-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/inference_models-config.cmake"
    "${PROJECT_BINARY_DIR}/inference_models-config-version.cmake"
    DESTINATION "${INFERENCE_MODELS_CMAKE_DIR}")

# What an installation needs built, without tests.
add_custom_target(installed DEPENDS inference_models inference_models_cli ${adapters})
