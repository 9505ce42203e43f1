"""Faults of review files and of single edits: each is found, none is corrected by guessing."""

import datetime
import difflib
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import geopandas as gpd
import shapely

from workflow_scripts.rogi.inventory.subregions import owner
from workflow_scripts.rogi.review.edits import CONFIDENCES, FORMAT, OPERATIONS, REASONS
from workflow_scripts.rogi.review.rows import AREA_CHANGE, Scene

DRAWN = ("refine", "split", "retrieve")  # operations that need an outline


def package_faults(path: str, package: Mapping[str, str], slug: str) -> Iterator[str]:
    """Yield what keeps a package from being read: another subregion, or a format of a later version.

    Args:
        path: Its file.
        package: Its keys and values; empty for a plain file.
        slug: The subregion under review.
    """
    subregion, form = package.get("subregion") or slug, package.get("format") or str(FORMAT)
    if subregion != slug:
        yield f"{path} is a package of {subregion}, not of {slug}; move it to that subregion's folder"
    if not (form.isdecimal() and int(form) <= FORMAT):
        yield (
            f"{path} is a package of format '{form}'; this version reads formats up to {FORMAT}; "
            "apply it with the version that made it, or a later one"
        )


def edit_faults(edit: Any, scene: Scene) -> Iterator[str]:
    """Yield what is wrong with one completed row: what was found, what is expected, the way out."""
    if edit.operation not in OPERATIONS:
        idle = "" if edit.operation else "; delete the row if nobody decided on it"
        yield f"operation {_quoted(edit.operation)} is unknown; expected {', '.join(OPERATIONS)}{idle}"
        return
    if edit.mapper is None:
        yield f"no mapper; every decision needs the name of the person who took it{_because(edit)}"
    if not is_iso_date(edit.date):
        yield f"date {_quoted(edit.date)} is not a date; expected YYYY-MM-DD, such as 2024-07-31{_because(edit)}"
    yield from _answer_faults(edit)
    yield from _id_faults(edit, scene)
    yield from _outline_faults(edit)
    yield from _place_faults(edit, scene)


def _because(edit: Any) -> str:
    """Say why a row without an operation counts as a decision; a plain file may show an earlier model's outline."""
    if not edit.taken_as:
        return ""
    by_model = "" if edit.is_handed else "; delete the row if it was the model that changed it"
    return f" ({edit.taken_as}: its outline or merge_into was changed{by_model})"


def is_iso_date(text: str | None) -> bool:
    """Tell whether a text starts with a date as YYYY-MM-DD; a time may follow."""
    if not re.match(r"\d{4}-\d\d-\d\d(\D|$)", text or ""):
        return False  # fromisoformat also takes 20240531 and 2024-W20-3
    try:
        datetime.datetime.fromisoformat(text or "")
    except ValueError:
        return False
    return True


def _quoted(text: str | None) -> str:
    return "(empty)" if text is None else f"'{text}'"


def _answer_faults(edit: Any) -> Iterator[str]:
    """Find answers outside the lists, and removals without a reason where the file asks for one."""
    needs_reason = edit.operation == "remove" and edit.asks_reason
    if (needs_reason or edit.reason is not None) and edit.reason not in REASONS:
        yield f"reason {_quoted(edit.reason)} is none of {', '.join(REASONS)}"
    if edit.confidence not in (None, *CONFIDENCES):
        yield f"confidence '{edit.confidence}' is none of {', '.join(CONFIDENCES)}; leave it empty if unknown"
    if edit.minutes is not None and not 0 <= edit.time_min < math.inf:
        yield f"minutes '{edit.minutes}' is no number from 0 up; leave it empty if unknown"
    if edit.merge_into is not None and edit.operation != "merge":
        yield f"{edit.operation} with merge_into '{edit.merge_into}'; leave that empty, or make the operation merge"


def _id_faults(edit: Any, scene: Scene) -> Iterator[str]:
    name = edit.candidate_id
    if edit.operation == "retrieve":
        if name is not None:
            yield f"retrieve with candidate_id '{name}'; leave it empty for a new outline, or use refine"
    elif name is None:
        yield f"{edit.operation} without candidate_id; copy it from candidates.gpkg, or use retrieve for a new outline"
    elif edit.known is None and edit.shape is None:
        count = len(scene.candidates)
        yield (
            f"candidate_id '{name}' does not exist among {count} candidates, and no outline says where it was"
            f"{_hint(name, scene)}"
        )


def _hint(name: str, scene: Scene) -> str:
    near = difflib.get_close_matches(name, scene.ids_near(name), n=1)
    return f"; did you mean {near[0]}?" if near else "; take the id from the candidates.gpkg of this subregion"


def _outline_faults(edit: Any) -> Iterator[str]:
    """Find outlines that are missing, beyond repair, or somewhere else than what they speak of."""
    has_some = edit.geometry is not None and not edit.geometry.is_empty
    if edit.broken is not None and (edit.operation in DRAWN or (has_some and edit.operation != "remove")):
        yield f"{edit.operation}: {edit.broken}"
    if not edit.touches:
        yield f"{edit.operation}: the outline does not touch {edit.candidate_id}, which it speaks of; check the id"
    elif edit.operation == "remain" and edit.is_handed and edit.changed and not _is_near(edit.shape, edit.known):
        yield f"remain, but its outline is not that of {edit.candidate_id}; use refine to take it, or drop the outline"


def _is_near(one: shapely.Geometry | None, other: shapely.Geometry) -> bool:
    """Tell whether two outlines differ by at most a share `AREA_CHANGE` of the larger area."""
    if one is None:
        return True
    other = shapely.make_valid(other)
    return bool(one.symmetric_difference(other).area <= AREA_CHANGE * max(one.area, other.area))


def _place_faults(edit: Any, scene: Scene) -> Iterator[str]:
    """Find outlines that no candidate ties to the subregion and that lie outside it."""
    if edit.known is None and edit.shape is not None and not edit.inside:
        point = gpd.GeoSeries([edit.shape.representative_point()], crs=scene.subregions.crs)
        yield (
            f"{edit.operation}: the outline lies outside {scene.slug} (at {point.iloc[0].x:.4f}°, "
            f"{point.iloc[0].y:.4f}°, nearest: {owner(point, scene.subregions).iloc[0]}); move it to that subregion's "
            "folder, or check its CRS"
        )
