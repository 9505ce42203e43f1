"""Fields and values: each fault is found, and only that."""

import pytest

from tests.rgik.sound import findings, put, told


@pytest.mark.parametrize(
    ("code", "row", "field", "value", "severity", "check", "expected"),
    [
        ("PM", 0, "ActiCl", "lively", "error", "value is on the list", "one of Active, Active uncertain, "),
        ("PM", 1, "ActiCl", "active_uncertain", "warning", "spelling of a value", "Active uncertain"),
        ("PM", 1, "UpslCon", "moraine", "error", "value is on the list", "one of Talus, Debris-mantled slope"),
        ("PM", 2, "KinAtt", "fast", "error", "value is on the list", "one of < cm/yr, cm/yr, "),
        ("PM", 2, "RelKin", "so so", "warning", "value is on the list", "one of Low, Medium, High"),
        ("GO", 3, "OutType", "restricted", "warning", "spelling of a value", "Restricted"),
        ("GO", 3, "OutType", "Both", "error", "value is on the list", "one of Extended, Restricted"),
        ("GO", 3, "OutType", None, "error", "value is there", "Extended, with the front's talus"),
        ("GO", 0, "RelFr", 3, "warning", "value is on the list", "one of 0, 1, 2"),
        ("GO", 0, "RelIndex", 9, "warning", "value is on the list", "one of 0, 1, 2, 3"),
        ("MA", 0, "VelClass", "3 m/yr", "warning", "value is on the list", "one of Undefined, < 1 cm/yr"),
        ("MA", 1, "VelClass", " ", "error", "value is there", "Class of the velocity"),
    ],
)
def test_a_value_is_found(
    code: str, row: int, field: str, value: object, severity: str, check: str, expected: str
) -> None:
    (found,) = findings(put(code, row, field, value))
    assert (found.severity, found.check, found.field) == (severity, check, field)
    assert found.layer == f"ROGI_TEST_{code}_fv01.0"
    assert found.feature == str(row + 1)
    assert found.expected.startswith(expected)
    assert found.found == ("no value" if check == "value is there" else str(value))


@pytest.mark.parametrize(
    ("code", "field", "value"),
    [
        ("PM", "ActiCl", "Relict"),
        ("PM", "ActiCl", None),
        ("PM", "UpslCon", "debris-mantled_slope"),
        ("PM", "KinAtt", "dm_to_m"),
        ("GO", "RelFr", 1.0),
        ("MA", "VelClass", "3–10"),
    ],
)
def test_values_that_are_right(code: str, field: str, value: object) -> None:
    assert findings(put(code, 0, field, value)) == []


@pytest.mark.parametrize(
    ("code", "field", "severity"),
    [
        ("PM", "Morpho", "warning"),
        ("PM", "Country", "warning"),
        ("PM", "AssocRGS", "error"),
        ("PM", "PrimaryID", "error"),
        ("GO", "PrimaryID", "error"),
        ("GO", "OutType", "error"),
        ("GO", "PolyUID", "warning"),
        ("MA", "VelClass", "error"),
    ],
)
def test_a_missing_field_is_told_once(code: str, field: str, severity: str) -> None:
    found = findings(lambda there: there.update({code: there[code].drop(columns=field)}))
    assert told(found) == [(severity, "field is there", "", field)]


def test_the_nearest_name_is_told() -> None:
    (found,) = findings(lambda there: there.update(PM=there["PM"].rename(columns={"Morpho": "Morphology"})))
    assert found.found == "no such field; Morphology comes nearest"
