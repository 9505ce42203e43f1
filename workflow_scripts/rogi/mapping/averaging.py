"""What all looks at a window say together: by integers, so that it is the same bytes everywhere."""

from collections.abc import Sequence

import numpy as np


def averaged(composite: np.ndarray, others: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the scores of a window: half from the composite, half from the mean of the other looks at a pixel.

    The network was calibrated on the composite, and one date errs by its light and its snow; the halves are our own
    choice. A pixel that no other look shows has the composite's score.

    Args:
        composite: uint8 (layers, height, width).
        others: Of every other look its scores, of the same shape, and where it is valid, bool (height, width).

    Returns:
        uint8 (layers, height, width), halves rounded up.
    """
    count, total = np.zeros(composite.shape[1:], np.uint32), np.zeros(composite.shape, np.uint32)
    for scores, valid in others:
        count += valid
        total += scores * valid
    return np.where(count, (composite * count + total + count) // np.maximum(2 * count, 1), composite).astype(np.uint8)
