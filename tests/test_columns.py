"""The published columns: fit for a shapefile, complete, and consistent with themselves."""

import re

import pytest

from workflow_scripts.rogi.attributes.relief import RELIEF
from workflow_scripts.rogi.columns import COLUMNS, FILLED_ON_MERGING, NAMES, Column


@pytest.mark.parametrize("column", COLUMNS, ids=NAMES)
def test_every_column_fits_a_shapefile_and_is_described(column: Column) -> None:
    assert re.fullmatch(r"[A-Z][A-Z_]{1,9}", column.name)
    assert column.kind in {"str", "float", "int"}
    assert len(column.description) > 10
    assert column.source
    assert column.lowest is None or column.highest is None or column.lowest < column.highest


def test_names_differ_in_more_than_case() -> None:
    assert len({name.lower() for name in NAMES}) == len(NAMES)


def test_the_columns_of_the_paper_are_there() -> None:
    paper = {"ID", "SUBREGION", "AREA", "PISR", "MAAT", "MAGT", "AP", "ASPECT"}
    paper |= {"SOUR_DATA", "MAP_DATE", "MAPPER", "REVIEWER", "ADDI_INF"}
    paper |= {f"{what}_{how}" for what in ("ELE", "SLO") for how in ("MEAN", "MEDIAN", "MIN", "MAX")}
    assert paper <= set(NAMES)


def test_text_has_no_range_and_numbers_have_a_lowest_value() -> None:
    for column in COLUMNS:
        ranged = column.lowest is not None or column.highest is not None
        assert ranged == (column.kind != "str"), column.name


def test_merging_fills_the_first_two_and_terrain_fills_only_published_ones() -> None:
    assert NAMES[: len(FILLED_ON_MERGING)] == FILLED_ON_MERGING
    assert set(RELIEF) <= set(NAMES)


def test_what_a_rock_glacier_may_lack_is_not_required() -> None:
    required = {column.name for column in COLUMNS if column.required}
    assert {"ID", "SUBREGION", "AREA", "LATITUDE", "LONGITUDE", "DEM_SHARE", "OPERATION"} <= required
    assert not required & {"ELE_MEAN", "PISR", "MAAT", "MAGT", "AP", "PROB", "MAPPER", "REVIEWER", "ADDI_INF"}
    assert not required & {"SYSTEM", "SPREAD"}
