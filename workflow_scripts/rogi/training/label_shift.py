"""How far an outline lies off the edges of the image: the two are correlated, piece by piece of the outline.

On an edge the image's gradient stands at right angles to the outline. Only that angle counts, not how strong the
gradient is or which side is the darker one, so bright snow does not outweigh the faint margin of a rock glacier. The
constants are our own choices.
"""

from typing import NamedTuple

import numpy as np
import shapely
from scipy.ndimage import gaussian_filter, minimum_filter

GRADIENT_SIGMA_PX = 1.0
GRADIENT_REACH_PX = 4  # of the filter, which ends at four standard deviations
LEAST_GRADIENT = 0.01  # digital numbers per pixel; what is less is rounding, on snow for instance
SPREAD_SIGMA_PX = 1.5  # an edge this far from the outline still counts: nobody draws to the pixel
PIECE_PX = 15.0  # length of a piece of outline; gradients further apart err on their own
FEWEST_PIECES = 8
LEAST_SEEN = 0.5  # share of a piece, and of an outline, from which it tells where it lies
MARGIN_PX = 34  # of imagery beyond the search radius: the reach of both filters, and one and a half pieces
DRAWS = 200
LEVEL = 0.68  # share of the draws within the uncertainty, as of one standard deviation


class Pieces(NamedTuple):
    """An outline as straight steps of a pixel at most, in pieces of about `PIECE_PX`.

    Attributes:
        column: Of the middle of each step, pixel corners at whole numbers, shape (n,).
        row: Likewise.
        normal: Cosine and sine of twice the angle of the step's normal, times the step's length, shape (2, n).
        piece: Number of the piece that each step belongs to, ascending, shape (n,).
    """

    column: np.ndarray
    row: np.ndarray
    normal: np.ndarray
    piece: np.ndarray


class Shift(NamedTuple):
    """How an outline should move to meet the image's edges best.

    Attributes:
        right_px: To the right, pixels; NaN where too little imagery lies round the outline.
        down_px: Down.
        uncertainty_px: Two thirds of the shifts found from random draws of the outline's pieces lie this near.
        significance: Height of the peak of the correlation, in standard deviations: every piece's correlation is
            standardised over all shifts, and the sum over n pieces divided by √n.
        at_limit: Whether the best shift is the largest that was tried, so that a better one may lie beyond.
    """

    right_px: float
    down_px: float
    uncertainty_px: float
    significance: float
    at_limit: bool


UNKNOWN = Shift(np.nan, np.nan, np.nan, np.nan, False)


def pieces_of(outline: shapely.Geometry) -> Pieces:
    """Cut all rings of a polygon, given in pixels (columns, rows), into pieces."""
    rings = shapely.get_rings(shapely.get_parts(outline))
    lengths = shapely.length(rings)
    counts = np.maximum(1, np.round(lengths / min(PIECE_PX, lengths.sum() / FEWEST_PIECES))).astype(int)
    cut = [_pieces_of_ring(*ring) for ring in zip(rings, counts, np.cumsum(counts) - counts, strict=True)]
    return Pieces(*(np.concatenate(parts, axis=-1) for parts in zip(*cut, strict=True)))


def _pieces_of_ring(ring: shapely.LinearRing, count: int, first: int) -> Pieces:
    corners = shapely.get_coordinates(ring.segmentize(min(1.0, ring.length / count / 4)))
    right, down = np.diff(corners, axis=0).T
    column, row = (corners[1:] + corners[:-1]).T / 2
    length = np.hypot(right, down)
    along = np.cumsum(length) - length / 2
    piece = first + (along / length.sum() * count).astype(int).clip(max=count - 1)
    return Pieces(column, row, length * _doubled(down**2, -right * down, right**2), piece)


def _doubled(xx: np.ndarray, xy: np.ndarray, yy: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Return cosine and sine of twice the angle of vectors (x, y) from their squares; 0 for those not longer."""
    strength = xx + yy
    return np.stack([xx - yy, 2 * xy]) * (strength > least**2) / np.maximum(strength, np.finfo(np.float32).tiny)


def edge_directions(image: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Return which way the image's gradient points, as cosine and sine of twice its angle, spread over neighbours.

    The gradients of the bands are joined by their structure tensor (Di Zenzo 1986).

    Args:
        image: uint8 (bands, height, width).
        valid: bool (height, width).

    Returns:
        float32 (2, height, width), at most 1 in length; 0 where the image is even, NaN within the gradient's reach of
        pixels that are not valid.
    """
    bands = image.astype(np.float32)
    down, right = (
        np.stack([gaussian_filter(band, GRADIENT_SIGMA_PX, order=order) for band in bands])
        for order in ((1, 0), (0, 1))
    )
    known = minimum_filter(valid, 2 * GRADIENT_REACH_PX + 1)
    xx, xy, yy = ((one * other).sum(axis=0) for one, other in ((right, right), (right, down), (down, down)))
    direction = _doubled(xx, xy, yy, LEAST_GRADIENT)
    spread = np.stack([gaussian_filter(part * known, SPREAD_SIGMA_PX) for part in direction])
    return np.where(known, spread, np.nan)


def correlations(directions: np.ndarray, steps: Pieces, numbers: np.ndarray, reach: int) -> np.ndarray:
    """Correlate pieces of an outline with the image at every shift.

    Args:
        directions: As `edge_directions` returns them.
        steps: Columns and rows from the corner of the image, which reaches `reach` pixels beyond every step.
        numbers: Numbers of the pieces wanted.
        reach: Largest shift, pixels.

    Returns:
        float32 (pieces, 2 reach + 1, 2 reach + 1), shifts down along the rows, to the right along the columns:
        the cosine of twice the angle between gradient and normal, summed over the outline, times its length. NaN for
        pieces most of whose surroundings are missing.
    """
    shifts = np.arange(-reach, reach + 1)
    found = np.empty((len(numbers), len(shifts), len(shifts)), np.float32)
    for position, number in enumerate(numbers):
        of_piece = np.flatnonzero(steps.piece == number)
        rows = np.floor(steps.row[of_piece]).astype(int)[:, np.newaxis] + shifts
        columns = np.floor(steps.column[of_piece]).astype(int)[:, np.newaxis] + shifts
        there = directions[:, rows[:, :, np.newaxis], columns[:, np.newaxis, :]]
        seen = ~np.isnan(there)
        found[position] = np.einsum("cn,cnij->ij", steps.normal[:, of_piece], np.where(seen, there, 0))
        if seen.mean() < LEAST_SEEN:
            found[position] = np.nan
    return found


def best_shift(surfaces: np.ndarray, generator: np.random.Generator) -> Shift:
    """Return the shift at which the pieces of an outline together meet the image's edges best.

    Args:
        surfaces: As `correlations` returns them, all pieces of an outline.
        generator: Source of the draws.
    """
    deviation = surfaces.std(axis=(1, 2))
    known = deviation > 0  # neither missing nor even
    if known.mean() < LEAST_SEEN:
        return UNKNOWN
    centred = surfaces[known] - surfaces[known].mean(axis=(1, 2), keepdims=True)
    standard = centred / deviation[known, np.newaxis, np.newaxis]
    total = standard.sum(axis=0) / np.sqrt(len(standard))
    down, right, at_limit = _peak(total)
    reach = len(total) // 2
    draws = generator.multinomial(len(standard), np.full(len(standard), 1 / len(standard)), size=DRAWS)
    peaks = np.tensordot(draws, standard, 1).reshape(DRAWS, -1).argmax(axis=1)
    apart = np.hypot(peaks // len(total) - down, peaks % len(total) - right)
    uncertainty = float(np.quantile(apart, LEVEL))
    return Shift(right - reach, down - reach, uncertainty, float(total.max()), at_limit)


def _peak(surface: np.ndarray) -> tuple[float, float, bool]:
    """Return row and column of the highest point, by parabolas through its neighbours, and whether it is at the rim."""
    row, column = np.unravel_index(surface.argmax(), surface.shape)
    if not (0 < row < len(surface) - 1 and 0 < column < len(surface) - 1):
        return float(row), float(column), True
    return (
        float(row) + _vertex(*surface[row - 1 : row + 2, column].tolist()),
        float(column) + _vertex(*surface[row, column - 1 : column + 2].tolist()),
        False,
    )


def _vertex(before: float, at: float, after: float) -> float:
    bend = before - 2 * at + after
    return 0.5 * (before - after) / bend if bend else 0.0
