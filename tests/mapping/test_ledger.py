"""The ledger: what was put is found again, by those who made it alone."""

import errno
import fcntl
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from rasterio.windows import Window

from tests.disk import files_up_to
from workflow_scripts.rogi.imagery.mosaic import DamagedBlock
from workflow_scripts.rogi.mapping.ledger import Entry, Ledger, fingerprint

WINDOW, EMPTY, OTHER = Window(-64, 128, 64, 64), Window(0, 128, 64, 64), Window(64, 128, 64, 64)
BROKEN = DamagedBlock("a.tif", 512, 0)


def scores(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (3, 64, 64), np.uint8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    ledger = Ledger(tmp_path / "of" / ".ledger", "me")
    ledger.put([Entry(WINDOW, scores(1), (BROKEN,)), Entry(EMPTY, None, (BROKEN, DamagedBlock("a.tif", 0, 0)))])
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


def test_a_ledger_in_use_is_refused_and_stays(path: Path) -> None:
    """An orphaned job of a cluster may still be mapping."""
    one = Ledger(path, "me")
    for made_by in ("me", "somebody else"):
        with pytest.raises(RuntimeError, match=r"another job is mapping with .*scancel"):
            Ledger(path, made_by)
    assert len(one.windows()) == 2
    one.close()
    Ledger(path, "me").close()


def test_a_file_system_without_locks_lets_everybody_in(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two jobs at once may then compute the same window; the first scores stay."""

    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    one, other = Ledger(path, "me"), Ledger(path, "me")
    other.put([Entry(OTHER, scores(2))])
    one.put([Entry(OTHER, scores(3))])
    found = one.get(OTHER)
    assert found is not None
    assert np.array_equal(found, scores(2))
    for ledger in (one, other):
        ledger.close()


def test_a_ledger_that_cannot_be_read_now_is_not_thrown_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda name, **how: connect(name, **how | {"timeout": 0.01}))
    with closing(connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OSError, match=r"could not use .*ledger: database is locked; make room, or put results/"):
            Ledger(path, "somebody else")
    assert path.read_bytes() == before


def test_a_full_disk_names_the_ledger(path: Path) -> None:
    ledger = Ledger(path, "me")
    noise = np.random.default_rng(0).integers(0, 255, (1, 1024, 1024), np.uint8)
    with files_up_to(200_000), pytest.raises(OSError, match=r"could not use .*ledger: .*(full|I/O error); make room"):
        ledger.put([Entry(OTHER, noise)])
    assert set(ledger.windows()) == {(128, -64), (128, 0)}
    ledger.close()


def test_the_ledger_of_another_model_is_refused(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger(path, "somebody else")
    assert ledger.windows() == {}
    assert ledger.damaged() == []
    assert "is of another model, configuration, imagery, code, kind of machine or number of threads" in caplog.text
    ledger.close()


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\x00" + bytes(200)])
def test_a_broken_file_is_begun_anew(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    ledger = Ledger(path, "me")
    assert ledger.windows() == {}
    ledger.put([Entry(WINDOW, scores(1))])
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
    ledger = Ledger(path, "me")
    path.with_name(f"{path.name}-journal").touch()
    ledger.discard()
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
