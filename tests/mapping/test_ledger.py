"""The ledger: what was put is found again, by those who made it alone."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.mosaic import DamagedBlock
from workflow_scripts.rogi.mapping.ledger import Ledger, fingerprint

WINDOW, EMPTY, OTHER = Window(-64, 128, 64, 64), Window(0, 128, 64, 64), Window(64, 128, 64, 64)
BROKEN = DamagedBlock("a.tif", 512, 0)


def scores(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (3, 64, 64), np.uint8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    ledger = Ledger(tmp_path / "of" / ".ledger", "me")
    ledger.put(WINDOW, scores(1), [BROKEN])
    ledger.put(EMPTY, None, [BROKEN, DamagedBlock("a.tif", 0, 0)])
    ledger.close()
    return ledger.path


def test_what_was_kept_is_found_again(path: Path) -> None:
    ledger = Ledger(path, "me")
    assert ledger.windows() == {(128, -64): True, (128, 0): False}
    found = ledger.get(WINDOW)
    assert found is not None
    assert np.array_equal(found, scores(1))
    assert ledger.get(EMPTY) is None
    assert ledger.get(OTHER) is None
    assert ledger.damaged() == [DamagedBlock("a.tif", 0, 0), BROKEN]
    ledger.close()


def test_the_first_scores_of_a_window_stay(path: Path) -> None:
    """Two jobs at once may compute the same window."""
    one, other = Ledger(path, "me"), Ledger(path, "me")
    other.put(OTHER, scores(2))
    one.put(OTHER, scores(3))
    found = one.get(OTHER)
    assert found is not None
    assert np.array_equal(found, scores(2))
    for ledger in (one, other):
        ledger.close()


def test_the_ledger_of_another_model_is_refused(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger(path, "somebody else")
    assert ledger.windows() == {}
    assert ledger.damaged() == []
    assert "is of another model, configuration, imagery or kind of machine, and is begun anew" in caplog.text
    ledger.close()


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\x00" + bytes(200)])
def test_a_broken_file_is_begun_anew(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    ledger = Ledger(path, "me")
    assert ledger.windows() == {}
    ledger.put(WINDOW, scores(1))
    assert ledger.windows() == {(128, -64): True}
    ledger.close()


def test_an_unfinished_put_leaves_nothing(path: Path) -> None:
    """What a killed process wrote without committing is rolled back by the next one."""
    dying = sqlite3.connect(path, isolation_level=None)
    dying.execute("BEGIN IMMEDIATE")
    dying.execute("INSERT INTO windows VALUES (1, 2, 0, NULL)")
    dying.close()
    ledger = Ledger(path, "me")
    assert set(ledger.windows()) == {(128, -64), (128, 0)}
    ledger.close()


def test_a_discarded_ledger_is_gone(path: Path) -> None:
    path.with_name(f"{path.name}-journal").touch()
    Ledger(path, "me").discard()
    assert list(path.parent.iterdir()) == []


def test_fingerprints_tell_everything_apart() -> None:
    made = [
        fingerprint(model="a", settings={"window": 1}),
        fingerprint(model="b", settings={"window": 1}),
        fingerprint(model="a", settings={"window": 2}),
        fingerprint(settings={"window": 1}, model="a"),
    ]
    assert made[0] == made[3]
    assert len(set(made)) == 3
