"""What a mapper's package holds."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from tests.packages.scene import candidates, region
from workflow_scripts.rogi.packages.context import ice
from workflow_scripts.rogi.packages.geopackage import Layer
from workflow_scripts.rogi.packages.mapper import COLORS, decision_fields, facts, package_layers
from workflow_scripts.rogi.review.edits import FIELDS, OPERATIONS, OPTIONAL


@pytest.fixture(scope="module")
def layers() -> dict[str, Layer]:
    found = candidates(12)
    others = found[8:].assign(mapper="Bo")
    told = facts(
        "west_range", "Ann O'Hara", "0123456789abcdef", "results/candidates.gpkg", "resources/review/west_range"
    )
    around = {"glaciers": ice([], region()), "debris": ice([], region())}
    return {
        layer.name: layer for layer in package_layers(found[:8], others, region(), "Ann O'Hara", around, told, "pass")
    }


def test_the_layers_are_those_that_the_review_reads_back(layers: dict[str, Layer]) -> None:
    assert list(layers) == ["candidates", "markers", "handed_out", "glaciers", "debris", "subregion", "package"]
    assert [name for name, layer in layers.items() if not layer.read_only] == ["candidates"]
    assert {*FIELDS, *OPTIONAL} <= set(layers["candidates"].frame.columns)


def test_nothing_is_decided_yet_and_fields_have_their_types_though_empty(layers: dict[str, Layer]) -> None:
    frame = layers["candidates"].frame
    assert (
        frame[["operation", "reason", "merge_into", "confidence", "comment", "date", "minutes"]].isna().all(axis=None)
    )
    assert (frame["mapper"] == "Ann O'Hara").all()
    assert (frame["date"].dtype.kind, frame["minutes"].dtype.kind) == ("M", "f")
    assert all(isinstance(frame[name].dtype, pd.StringDtype) for name in ("operation", "reason", "comment"))
    assert list(frame["rank"]) == list(range(1, 9))


def test_what_was_handed_out_is_what_is_edited(layers: dict[str, Layer]) -> None:
    edited, kept = layers["candidates"].frame, layers["handed_out"].frame
    pd.testing.assert_frame_equal(
        pd.DataFrame(edited[["candidate_id", "geometry"]]), pd.DataFrame(kept[["candidate_id", "geometry"]])
    )


def test_others_are_shown_as_dots_inside_their_candidates(layers: dict[str, Layer]) -> None:
    dots = layers["markers"].frame
    outlines = candidates(12)[8:].reset_index(drop=True).geometry
    assert dots.reset_index(drop=True).within(outlines).all()
    assert set(dots["mapper"]) == {"Bo"}


def test_the_package_says_what_it_is_and_where_to_put_a_copy(layers: dict[str, Layer]) -> None:
    table = layers["package"].frame.set_index("key")["value"]
    assert table["fingerprint"] == "0123456789abcdef"
    assert table["format"] == "1"
    assert "Copy this file to resources/review/west_range/" in table["notice"]
    assert not isinstance(layers["package"].frame, gpd.GeoDataFrame)


def test_every_operation_has_a_digit_and_a_colour() -> None:
    fields = {field.name: field for field in decision_fields("Ann")}
    listed = fields["operation"].widget.settings["map"]
    assert [next(iter(entry)) for entry in listed][1:] == [f"{n} {name}" for n, name in enumerate(OPERATIONS, 1)]
    assert set(COLORS) == {"", *OPERATIONS}
    assert len(set(COLORS.values())) == len(COLORS)


def test_a_name_with_a_quote_is_quoted_for_qgis() -> None:
    (mapper,) = (field for field in decision_fields("Ann O'Hara") if field.name == "mapper")
    assert mapper.default == "'Ann O''Hara'"


def test_a_package_without_candidates_still_takes_new_outlines() -> None:
    none = candidates(0)
    around = {"glaciers": ice([], region()), "debris": ice([], region())}
    told = facts("west_range", "Ann", "0", "x", "y")
    first = package_layers(none, none.assign(mapper=[]), region(), "Ann", around, told, "pass")[0]
    assert (first.name, len(first.frame), first.geometry_type) == ("candidates", 0, "MultiPolygon")
    assert np.isin(["operation", "mapper", "date"], first.frame.columns).all()
