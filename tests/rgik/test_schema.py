"""The schema: names that fit a shapefile, values that find themselves, and what is told as verified."""

import pytest

from workflow_scripts.rogi.rgik.schema import (
    ACTIVITY,
    BY_CODE,
    KINEMATIC,
    LAYERS,
    VELOCITY,
    Field,
    Layer,
    Source,
    plain,
)

FIELDS = [(layer, field) for layer in LAYERS for field in layer.fields]
# Names and values read in code that reads the product, and those of PyRogi.
PRODUCT = {"PM": {"PrimaryID", "ActiCl", "Country"}, "MA": {"PrimaryID", "VelClass"}, "AOI": set(),
           "GO": {"PolyUID", "PrimaryID", "OutType", "RelFr", "RelLeftLM"}}  # fmt: skip
PYROGI = ("PrimaryID", "Morpho.", "Upsl.Con.", "Upsl.Cur.", "Complet.", "Acti.Cl.", "Destabili.", "Comment",
          "WorkingID", "Assoc.RGS", "Acti.Ass.", "Kin.Att.", "Rel.Kin.", "Kin.Period")  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.code)
def test_verified_are_those_that_were_read(layer: Layer) -> None:
    assert {field.name for field in layer.fields if field.source is Source.PRODUCT} == PRODUCT[layer.code]


def test_the_markers_have_every_field_of_pyrogi() -> None:
    assert {plain(name) for name in PYROGI} == {plain(name) for name in BY_CODE["PM"].names} - {"country"}


@pytest.mark.parametrize(("layer", "field"), FIELDS, ids=lambda each: getattr(each, "code", "") or each.name)
def test_a_field_fits_a_shapefile_and_is_described(layer: Layer, field: Field) -> None:
    assert 0 < len(field.name) <= 10
    assert len(set(map(plain, layer.names))) == len(layer.names)
    assert field.meaning
    assert field.export
    if field.values:
        assert [field.values.find(value) for value in field.values.values] == list(field.values.values)
        assert set(field.values.others.values()) <= set(field.values.values)


@pytest.mark.parametrize(
    ("text", "value"),
    [("RELICT", "Relict"), ("relict_uncertain", "Relict uncertain"), ("Active  uncertain", "Active uncertain")],
)
def test_values_are_found_in_other_spellings(text: str, value: str) -> None:
    assert ACTIVITY.find(text) == value


def test_values_that_differ_by_a_sign_stay_apart() -> None:
    assert KINEMATIC.find("<cm/yr") == "< cm/yr"
    assert KINEMATIC.find("cm/yr") == KINEMATIC.find("cm") == "cm/yr"
    assert VELOCITY.find("30–100 cm/yr") == "30-100 cm/yr"
    assert VELOCITY.find(">100") == "> 100 cm/yr"
    assert ACTIVITY.find("") is ACTIVITY.find("activ") is None
