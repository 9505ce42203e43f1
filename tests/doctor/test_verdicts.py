"""Verdicts and how a look at an input becomes one."""

import pytest

from workflow_scripts.rogi.doctor.verdicts import FAILED, OK, WARNING, Check, Verdict, answered, count, listed

CHECK = Check("format", "dem.tif", "a raster", "fetch it again")


def test_a_verdict_says_what_to_do_only_where_there_is_something() -> None:
    assert CHECK.failed("a web page").as_dict() == {
        "check": "format",
        "input": "dem.tif",
        "verdict": FAILED,
        "found": "a web page",
        "expected": "a raster",
        "to_do": "fetch it again",
    }
    assert CHECK.ok("a raster").as_dict()["to_do"] == ""
    assert CHECK.warning("an old one").as_dict()["to_do"] == "fetch it again"


@pytest.mark.parametrize("error", [ValueError, FileNotFoundError, RuntimeError])
def test_an_input_that_cannot_be_read_has_failed(error: type[Exception]) -> None:
    def look() -> Verdict:
        raise error("dem.tif is damaged")

    assert answered(CHECK, look) == CHECK.failed("dem.tif is damaged")
    assert answered(CHECK, lambda: CHECK.ok("fine")) == CHECK.ok("fine")


def test_mistakes_of_ours_are_not_taken_for_bad_inputs() -> None:
    def look() -> Verdict:
        raise TypeError("ours")

    with pytest.raises(TypeError):
        answered(CHECK, look)


def test_verdicts_are_counted_by_kind() -> None:
    verdicts = [CHECK.ok(""), CHECK.failed(""), CHECK.either(True, ""), CHECK.either(False, "")]
    assert count(verdicts) == {OK: 2, WARNING: 0, FAILED: 2}


def test_long_lists_end_with_a_number() -> None:
    assert listed(["a", "b"]) == "a; b"
    assert listed(map(str, range(8))) == "0; 1; 2; 3; 4; and 3 more"
