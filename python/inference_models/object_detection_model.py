"""Detectors."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from inference_models import _core
from inference_models._images import ImageReference, each_image, slices
from inference_models._keyword_arguments import suggests_keywords
from inference_models._load_options import LOAD_OPTIONS, load_options
from inference_models.detections import Detections
from inference_models.enums import ColorFormat


class ObjectDetectionModel:
    """Finds objects in images. Made by `AutoModel.from_pretrained` or by its own `from_pretrained`.

    Any number of threads may call one model at the same time; Python's lock is released while it works.
    """

    def __init__(self, core: _core.ObjectDetectionModel) -> None:
        self._core = core
        self._description = core.description
        self._class_names = core.class_names

    @classmethod
    def from_pretrained(cls, model_id_or_path: str | os.PathLike, **options: Any) -> ObjectDetectionModel:
        """As `AutoModel.from_pretrained`, for a model that must be a detector.

        Args: those of `AutoModel.from_pretrained`, without `verbose`.
        """
        return cls(_core.load(model_id_or_path, load_options("from_pretrained", LOAD_OPTIONS, options)))

    @property
    def task(self) -> str:
        """`object-detection`"""
        return self._description.task

    @property
    def class_names(self) -> list[str]:
        """The names of the classes; a detection's `class_id` is an index into them."""
        return self._class_names

    @property
    def description(self) -> _core.ModelDescription:
        """What was loaded and how it runs: backend, engine, device, precision, batch size, network input, ..."""
        return self._description

    def explain(self) -> _core.Explanation:
        """Why it runs as it does: every candidate, with its reason. `print()` shows it as a table."""
        return self._description.explanation

    @suggests_keywords
    def infer(
        self,
        images: Any,
        *,
        confidence: float = 0.4,
        iou_threshold: float = 0.3,
        max_detections: int = 300,
        class_agnostic_nms: bool = False,
        input_color_format: ColorFormat | None = None,
    ) -> list[Detections]:
        """Finds objects. `model(images)` is the same.

        Args:
            images: one image, or a list, tuple, other sequence or iterator of images of any kinds:

                - a numpy array of uint8, (height, width, 3), (height, width, 1) or (height, width); its memory is
                  used as it lies where rows are dense. (images, height, width, 3) is several images.
                - a torch tensor of uint8, or of floats from 0 to 255: (3, height, width), (height, width, 3) or
                  several of either; on any device
                - a PIL image, as it is: an EXIF orientation is not applied, boxes are in the pixels of the object
                - a path of a JPEG, PNG, WebP or BMP file, turned as its EXIF orientation says

            confidence: 0 to 1; boxes must be more confident than this
            iou_threshold: 0 to 1; of two boxes of a class that overlap more than this, the less confident one goes
            max_detections: per image, at least 1
            class_agnostic_nms: whether boxes of different classes suppress one another
            input_color_format: the order of colours in arrays and tensors, "bgr" or "rgb". None: BGR in numpy arrays,
                as OpenCV has it, RGB in tensors. PIL images and files know theirs.

        Returns:
            one `Detections` for each image, in their order; a list also for one image

        Raises:
            ModelInputError: an image cannot be used or read; the message says which and why
            InvalidParameterError: an option is out of its range
            ModelRuntimeError: the runtime failed, or the network gave what its kind does not promise

        Images are read and run in groups of `description.max_batch_size`, so that many of them take no more memory than
        a few do, and Ctrl-C ends the call after the group that is running.
        """
        options = _core.ObjectDetectionOptions(confidence, iou_threshold, max_detections, class_agnostic_nms)
        results: list[Detections] = []
        for part in slices(each_image(images, input_color_format), self._description.max_batch_size):
            found = self._core.infer([image.input for image in part], options)
            results += self._detections(found, [image.reference for image in part])
        return results

    __call__ = infer

    @suggests_keywords
    def pre_process(
        self, images: Any, *, input_color_format: ColorFormat | None = None
    ) -> tuple[np.ndarray, list[_core.PreProcessingMetadata]]:
        """The first of the three stages of `infer`, for those who want to look in between. The stages copy; `infer`
        does not.

        Args:
            images: as for `infer`
            input_color_format: as for `infer`

        Returns:
            the network's input, (images, 3, height, width) or (images, height, width, 3), as the network wants it, of
            float32 or float16; and how each image was brought into it
        """
        return self._core.pre_process([image.input for image in each_image(images, input_color_format)])

    @suggests_keywords
    def forward(self, input: np.ndarray) -> list[np.ndarray]:
        """The second stage: runs the network on an array as `pre_process` makes it.

        Returns:
            the network's outputs, in its order; the first dimension of each is the images
        """
        return self._core.forward(input)

    @suggests_keywords
    def post_process(
        self,
        outputs: list[np.ndarray],
        metadata: list[_core.PreProcessingMetadata],
        *,
        confidence: float = 0.4,
        iou_threshold: float = 0.3,
        max_detections: int = 300,
        class_agnostic_nms: bool = False,
    ) -> list[Detections]:
        """The third stage: what `forward` returned, and the metadata of the same `pre_process`, become detections.

        Args:
            outputs: of `forward`
            metadata: of `pre_process`
            confidence, iou_threshold, max_detections, class_agnostic_nms: as for `infer`
        """
        options = _core.ObjectDetectionOptions(confidence, iou_threshold, max_detections, class_agnostic_nms)
        found = self._core.post_process(outputs, metadata, options)
        return self._detections(found, [None] * len(found))

    def _detections(self, found, references: list[ImageReference | None]) -> list[Detections]:
        return [
            Detections._of_image(arrays, self._class_names, reference)
            for arrays, reference in zip(found, references, strict=True)
        ]

    def __repr__(self) -> str:
        d = self._description
        return (
            f"<ObjectDetectionModel {d.model_id}: {d.package_id} in {d.engine} {d.runtime_version}"
            f" on {d.device}, {d.precision}>"
        )
