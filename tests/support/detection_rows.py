"""Detections against rows (x_min, y_min, x_max, y_max, confidence, class) that a test computed by itself."""

import numpy as np

BOX_TOLERANCE = 0.02  # pixels
CONFIDENCE_TOLERANCE = 1e-4


def overlap(a, b):
    """Intersection over union of two boxes, or of the boxes that two rows begin with."""
    sides = np.minimum(a[2:4], b[2:4]) - np.maximum(a[:2], b[:2])
    shared = np.prod(np.maximum(sides, 0))
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def assert_same(found, expected):
    """Detections, and the rows that they should be, in the same order."""
    np.testing.assert_array_equal(found.class_id, expected[:, 5])
    np.testing.assert_allclose(found.confidence, expected[:, 4], rtol=0, atol=CONFIDENCE_TOLERANCE)
    np.testing.assert_allclose(found.xyxy, expected[:, :4], rtol=0, atol=BOX_TOLERANCE)


def rows(found):
    return np.column_stack([found.xyxy, found.confidence, found.class_id])
