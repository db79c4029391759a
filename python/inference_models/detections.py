"""What a detector finds in an image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from inference_models import _core
from inference_models.errors import BaseInferenceModelsError, InvalidParameterError


class Detections:
    """What was found in one image, the most confident first.

    Attributes:
        xyxy: float32 array (N, 4): left, top, right and bottom edges in pixels of the caller's image; x to the right, y
            down, (0, 0) is the top left corner of the top left pixel. Within [0, width] x [0, height].
        class_id: int32 array (N,): index into the model's `class_names`
        confidence: float32 array (N,): 0 to 1
        class_names: list of the model's class names; None where they are not at hand
        image_metadata: dictionary about the image, or None. Yours: nothing here sets it.
        bboxes_metadata: list of N dictionaries, one about each box, or None. Yours too.

    The arrays own their memory: they live on after the model, the image and this object. In a notebook the picture with
    its boxes is shown as long as the image itself lives; none is kept for that.
    """

    def __init__(
        self,
        xyxy,
        class_id,
        confidence,
        image_metadata: dict | None = None,
        bboxes_metadata: list[dict] | None = None,
        *,
        class_names: list[str] | None = None,
    ) -> None:
        self.xyxy = _array(xyxy, np.float32, "xyxy", (4,))
        self.class_id = _array(class_id, np.int32, "class_id")
        self.confidence = _array(confidence, np.float32, "confidence")
        if not len(self.xyxy) == len(self.class_id) == len(self.confidence):
            raise _invalid(
                "xyxy",
                f"{len(self.xyxy)} boxes, {len(self.class_id)} class ids and {len(self.confidence)} confidences",
                "Each box has one of each.",
            )
        self.image_metadata = image_metadata
        self.bboxes_metadata = bboxes_metadata
        self.class_names = class_names
        self._image = None

    @classmethod
    def _of_image(cls, arrays, class_names, image) -> Detections:
        """Of the arrays that the library made, which need no check."""
        detections = cls.__new__(cls)
        detections.xyxy, detections.class_id, detections.confidence = arrays
        detections.image_metadata = detections.bboxes_metadata = None
        detections.class_names = class_names
        detections._image = image
        return detections

    def __len__(self) -> int:
        return len(self.xyxy)

    def __iter__(self) -> Iterator[tuple]:
        """Tuples (xyxy, mask, class_id, confidence, tracker_id, data, metadata). The mask is None: there are none. The
        tracker's id is that of the box's metadata, where somebody has put it there, else None."""
        for i in range(len(self)):
            data = self.bboxes_metadata[i] if self.bboxes_metadata else {}
            tracker_id = data.get("tracker_id")
            yield self.xyxy[i], None, self.class_id[i], self.confidence[i], tracker_id, data, self.image_metadata or {}

    def __eq__(self, other: object) -> bool:
        """Whether the same objects were found, bit for bit."""
        if not isinstance(other, Detections):
            return NotImplemented
        return (
            np.array_equal(self.xyxy, other.xyxy)
            and np.array_equal(self.class_id, other.class_id)
            and np.array_equal(self.confidence, other.confidence)
        )

    __hash__ = None

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_image": None}  # the caller's image stays with the caller

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for class_id in self.class_id.tolist():
            name = self._name(class_id)
            counts[name] = counts.get(name, 0) + 1
        objects = ", ".join(f"{count} {name}" for name, count in counts.items())
        return f"<Detections: {objects or 'nothing'}>"

    def to_supervision(self):
        """These detections as `supervision.Detections`, with the class names in `data["class_name"]`."""
        try:
            import supervision
        except ImportError as error:
            raise ImportError("to_supervision() needs the package supervision: pip install supervision") from error
        names = np.array([self._name(class_id) for class_id in self.class_id.tolist()], dtype=np.str_)
        return supervision.Detections(
            xyxy=self.xyxy, confidence=self.confidence, class_id=self.class_id, data={"class_name": names}
        )

    def _name(self, class_id: int) -> str:
        if self.class_names is not None and 0 <= class_id < len(self.class_names):
            return self.class_names[class_id]
        return f"class {class_id}"

    def _repr_html_(self) -> str:
        """For notebooks: the picture with its boxes, where the image is at hand, and a table."""
        import html

        rows = "".join(
            f"<tr><td>{html.escape(self._name(class_id))}</td><td>{confidence:.3f}</td>"
            + "".join(f"<td>{edge:.1f}</td>" for edge in box)
            + "</tr>"
            for box, class_id, confidence in zip(
                self.xyxy.tolist(), self.class_id.tolist(), self.confidence.tolist(), strict=True
            )
        )
        header = "<tr><th>class</th><th>confidence</th><th>left</th><th>top</th><th>right</th><th>bottom</th></tr>"
        return f"{self._picture_html()}<table>{header}{rows}</table>"

    def _picture_html(self) -> str:
        import base64

        try:
            image = self._image and self._image.image_input()
            if image is None:
                return ""
            names = self.class_names or []
            jpeg = _core.annotated_jpeg(image, self.xyxy, self.class_id, self.confidence, names)
        except BaseInferenceModelsError:  # such as a file that is gone by now
            return ""
        return f'<img style="max-width: 100%" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'


def _invalid(argument: str, message: str, hint: str) -> InvalidParameterError:
    return InvalidParameterError(message, hint, "invalid_argument", argument)


def _array(values, dtype, argument: str, row_shape: tuple = ()):
    """Values as an array (N, *row_shape) that is dense in memory."""
    try:
        array = np.ascontiguousarray(values, dtype)
    except (TypeError, ValueError) as error:
        raise _invalid(argument, f"{argument} is no array of numbers", str(error)) from None
    if array.size == 0:
        return array.reshape(0, *row_shape)
    if array.ndim != 1 + len(row_shape) or array.shape[1:] != row_shape:
        wanted = ("N", *row_shape)
        raise _invalid(
            argument, f"{argument} has the shape {array.shape}", f"Its shape is ({', '.join(map(str, wanted))})."
        )
    return array
