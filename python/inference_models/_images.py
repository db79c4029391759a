"""The images of a call, one by one."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from itertools import count, islice

from inference_models import _core


class Image:
    """One image of a call: ready for the library, and a way back to what the caller holds of it."""

    __slots__ = ("input", "reference")

    def __init__(self, input, reference):
        self.input = input
        self.reference = reference


class ImageReference:
    """Where an image can be had again, without keeping it: its path, or the caller's object while that lives."""

    __slots__ = ("_color_format", "_holder", "_index")

    def __init__(self, holder, index, color_format):
        try:
            self._holder = weakref.ref(holder)
        except TypeError:  # a path
            self._holder = lambda: holder
        self._index = index
        self._color_format = color_format

    def image_input(self):
        """The image for the library; None where the caller's object is gone."""
        holder = self._holder()
        if holder is None:
            return None
        image = holder if self._index is None else holder[self._index]
        return _core.ImageInput(image, self._color_format, None)

    def name(self, index: int) -> str:
        """What a report calls the image at this place of a call: its path, if it has one."""
        holder = self._holder()
        return os.fsdecode(holder) if isinstance(holder, (str, os.PathLike)) else f"image {index}"


def each_image(images, color_format) -> Iterator[Image]:
    """The images of what a caller passes: one, an array or tensor of several, or a list of any."""
    if _core.is_image(images) and getattr(images, "ndim", None) == 4:
        for index in range(len(images)):
            yield Image(
                _core.ImageInput(images[index], color_format, index), ImageReference(images, index, color_format)
            )
    elif _core.is_image(images) or not _holds_several(images):
        yield Image(_core.ImageInput(images, color_format, None), ImageReference(images, None, color_format))
    else:
        for index, image in zip(count(), images):
            yield Image(_core.ImageInput(image, color_format, index), ImageReference(image, None, color_format))


def named_images(images, color_format) -> tuple[list, list[str]]:
    """All images of what a caller passes, and what a report calls them."""
    each = list(each_image(images, color_format))
    return [image.input for image in each], [image.reference.name(index) for index, image in enumerate(each)]


def _holds_several(images) -> bool:
    return isinstance(images, (Sequence, Iterator)) and not isinstance(images, (bytes, bytearray, memoryview))


def slices(images: Iterator[Image], size: int) -> Iterator[list[Image]]:
    """The images in lists of at most `size`; the last one is shorter, and empty where nothing is left for it."""
    while True:
        part = list(islice(images, size))
        yield part
        if len(part) < size:
            return
