"""The cache of models, through libinference_models_testing.so."""

import ctypes


def bring_package(library, cache, package, stated, milliseconds, journal, files):
    """0 and where the package is, or 3 and the error. `files`: handle, text, handle, ..."""

    def as_list(items):
        return (ctypes.c_char_p * len(items))(*[item.encode() for item in items])

    result = ctypes.create_string_buffer(4096)
    bring = ctypes.CDLL(str(library)).testing_bring_package
    bring.restype = ctypes.c_bool
    handles, texts = files[::2], files[1::2]
    done = bring(
        str(cache).encode(),
        package.encode(),
        len(handles),
        as_list(handles),
        as_list(texts),
        stated.encode(),
        milliseconds,
        str(journal).encode(),
        result,
        ctypes.c_size_t(len(result)),
    )
    return (0 if done else 3), result.value.decode()


def prune(library, cache):
    """`PACKAGES FILES BYTES` that were taken away."""
    result = ctypes.create_string_buffer(4096)
    function = ctypes.CDLL(str(library)).testing_prune
    function.restype = ctypes.c_bool
    assert function(str(cache).encode(), result, ctypes.c_size_t(len(result))), result.value
    return result.value.decode()
