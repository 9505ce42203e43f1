"""A rule's names meet main()'s parameters, and what happens lands in the log."""

import logging
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import box
from snakemake.iocontainers import InputFiles, Log, OutputFiles, Params

from workflow_scripts.rogi.entrypoint import bind, job
from workflow_scripts.rogi.files import write_layers


def rule(tmp_path: Path, **more: Any) -> SimpleNamespace:
    """What Snakemake hands to a script, of Snakemake's own classes."""
    return SimpleNamespace(
        rule="some_rule",
        input=InputFiles(fromdict=more.get("input", {"source": "in.txt"})),
        output=OutputFiles(fromdict=more.get("output", {"target": "out.txt"})),
        params=Params(fromdict=more.get("params", {"code": "1f", "threshold": 0.5})),
        threads=4,
        log=Log([str(tmp_path / "logs" / "some_rule.log")]),
    )


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.captureWarnings(False)


def log_of(tmp_path: Path) -> str:
    return (tmp_path / "logs" / "some_rule.log").read_text()


def test_named_inputs_outputs_and_params_become_arguments(tmp_path: Path) -> None:
    calls: list[tuple[str, str, float, int]] = []

    def main(source: str, target: str, threshold: float, threads: int) -> None:
        calls.append((source, target, threshold, threads))

    job(main, rule(tmp_path))
    assert calls == [("in.txt", "out.txt", 0.5, 4)]
    assert "some_rule: done in" in log_of(tmp_path)


def test_threads_are_given_to_those_that_take_them(tmp_path: Path) -> None:
    def main(source: str, target: str, threshold: float) -> None: ...

    assert set(bind(main, rule(tmp_path))) == {"source", "target", "threshold"}


def test_lists_of_files_are_plain_lists_of_plain_strings(tmp_path: Path) -> None:
    def main(parts: list[str], target: str, nothing: list[str]) -> None: ...

    given = bind(main, rule(tmp_path, input={"parts": ["a.tif", "b.tif"], "nothing": []}, params={}))
    assert given == {"parts": ["a.tif", "b.tif"], "nothing": [], "target": "out.txt"}
    assert type(given["parts"]) is list
    assert {type(value) for value in (*given["parts"], given["target"])} == {str}


def test_names_on_one_side_alone_are_listed(tmp_path: Path) -> None:
    def main(source: str, targets: str, threshold: float) -> None: ...

    wanted = (
        r"rule some_rule and .*main\(\) disagree: only the rule names \['target'\], only main\(\) names \['targets'\]"
    )
    with pytest.raises(TypeError, match=wanted):
        job(main, rule(tmp_path))


def test_a_failure_leaves_its_traceback_in_the_log_and_exits_with_1(tmp_path: Path) -> None:
    def main(source: str, target: str, threshold: float) -> None:
        raise ValueError("quad 7 is truncated")

    with pytest.raises(SystemExit) as stopped:
        job(main, rule(tmp_path))
    assert stopped.value.code == 1
    assert "ERROR some_rule failed: quad 7 is truncated" in log_of(tmp_path)
    assert "Traceback (most recent call last)" in log_of(tmp_path)
    assert "done in" not in log_of(tmp_path)


def test_an_interrupt_is_logged_too(tmp_path: Path) -> None:
    def main(source: str, target: str, threshold: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit):
        job(main, rule(tmp_path))
    assert "some_rule failed" in log_of(tmp_path)


def test_counts_and_warnings_go_to_the_log_file_and_to_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(source: str, target: str, threshold: float) -> None:
        logging.getLogger("rogi").info("12 polygons, 3.4 km²")
        logging.getLogger("some.library").info("chatter")
        warnings.warn("mean of empty slice", stacklevel=1)

    job(main, rule(tmp_path))
    stderr = capsys.readouterr().err
    for text in (log_of(tmp_path), stderr):
        assert "INFO 12 polygons, 3.4 km²" in text
        assert "mean of empty slice" in text
        assert "chatter" not in text
    assert sys.stderr.isatty() is False


def test_a_new_run_starts_a_new_log(tmp_path: Path) -> None:
    def main(source: str, target: str, threshold: float) -> None: ...

    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "some_rule.log").write_text("an older run\n")
    job(main, rule(tmp_path))
    assert "an older run" not in log_of(tmp_path)


def test_equal_geopackages_are_equal_byte_by_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default GDAL notes the time of writing, down to the millisecond."""
    layers = {"boxes": gpd.GeoDataFrame({"id": [1]}, geometry=[box(79, 35, 79.1, 35.1)], crs=4326)}
    for name in ("a", "b"):
        write_layers(tmp_path / f"{name}.gpkg", layers)
        time.sleep(0.01)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
    monkeypatch.delenv("OGR_CURRENT_DATE")
    write_layers(tmp_path / "c.gpkg", layers)
    assert (tmp_path / "a.gpkg").read_bytes() != (tmp_path / "c.gpkg").read_bytes()
