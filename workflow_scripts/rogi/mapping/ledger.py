"""The ledger of a mapping job: scores of every window that is done, so that a killed job goes on from there."""

import fcntl
import hashlib
import json
import logging
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple

import numpy as np
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.mosaic import DamagedBlock

FAST = 1  # zlib level
TABLES = """
CREATE TABLE made_by (fingerprint TEXT);
CREATE TABLE windows (top INTEGER, left INTEGER, layers INTEGER, scores BLOB, PRIMARY KEY (top, left));
CREATE TABLE damaged (location TEXT, row INTEGER, col INTEGER, PRIMARY KEY (location, row, col));
"""


def fingerprint(**made_by: Any) -> str:
    """Return a digest of everything that the scores depend on."""
    return hashlib.sha256(json.dumps(made_by, sort_keys=True, default=str).encode()).hexdigest()


class Entry(NamedTuple):
    """What became of a window.

    Attributes:
        window: Where it lies.
        scores: uint8 (layers, height, width), None where it has no imagery.
        damaged: Blocks of imagery that could not be read there.
    """

    window: Window
    scores: np.ndarray | None
    damaged: tuple[DamagedBlock, ...] = ()


class Ledger:
    """Scores by window, in an SQLite file; every `put` is kept whole or not at all, also through a SIGKILL.

    To be used by one thread at a time, and by one job: another one that opens the same file is refused.
    """

    def __init__(self, path: str | Path, made_by: str) -> None:
        """Open a ledger or begin a new one; one with another fingerprint is not used but replaced.

        Args:
            path: The file.
            made_by: `fingerprint` of model, settings, imagery and machine.

        Raises:
            RuntimeError: Another job has it open.
            OSError: The file cannot be used where it is.
        """
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self.path)
        try:
            with self._reporting():
                self._open(made_by)
        except BaseException:
            self._lock.close()
            raise

    def _open(self, made_by: str) -> None:
        if self.path.exists() and _made_by(self.path) != made_by:
            logging.getLogger("rogi").warning(
                "%s is of another model, configuration, imagery, code, kind of machine or number of threads, "
                "and is begun anew",
                self.path,
            )
            self._remove()
        self._database = sqlite3.connect(self.path, check_same_thread=False)
        self._database.execute("PRAGMA synchronous = NORMAL")
        if not self._database.execute("SELECT name FROM sqlite_master").fetchall():
            with self._database:
                self._database.executescript(f"BEGIN; {TABLES}")
                self._database.execute("INSERT INTO made_by VALUES (?)", (made_by,))

    def windows(self) -> dict[tuple[int, int], bool]:
        """Return, by row and column of their first pixel, all windows that are done, and whether they have scores."""
        rows = self._database.execute("SELECT top, left, layers FROM windows")
        return {(top, left): layers > 0 for top, left, layers in rows}

    def put(self, entries: Iterable[Entry]) -> None:
        """Keep the scores of windows, all or none of them."""
        entries = list(entries)
        rows = [(entry.window.row_off, entry.window.col_off, *_packed(entry.scores)) for entry in entries]
        broken = [block for entry in entries for block in entry.damaged]
        with self._reporting(), self._database:
            self._database.executemany("INSERT OR IGNORE INTO windows VALUES (?, ?, ?, ?)", rows)
            self._database.executemany("INSERT OR IGNORE INTO damaged VALUES (?, ?, ?)", broken)

    def get(self, window: Window) -> np.ndarray | None:
        """Return the scores of a window, None where it was skipped or has no imagery."""
        query = "SELECT layers, scores FROM windows WHERE top = ? AND left = ?"
        found = self._database.execute(query, (window.row_off, window.col_off)).fetchone()
        if found is None or found[1] is None:
            return None
        return np.frombuffer(zlib.decompress(found[1]), np.uint8).reshape(found[0], window.height, window.width)

    def damaged(self) -> list[DamagedBlock]:
        """Return all damaged blocks of imagery met so far."""
        rows = self._database.execute("SELECT location, row, col FROM damaged ORDER BY location, row, col")
        return [DamagedBlock(*row) for row in rows]

    def close(self) -> None:
        """Close the file; it stays for the next run."""
        self._database.close()
        self._lock.close()

    def discard(self) -> None:
        """Close and remove the file, with what SQLite may have left beside it."""
        self._database.close()
        self._remove()
        _lock_path(self.path).unlink(missing_ok=True)
        self._lock.close()

    def __enter__(self) -> "Ledger":
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def _remove(self) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Name the file in SQLite's errors, and what may be done."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OSError(
                f"could not use {self.path}: {error}; make room, or put results/ on a file system with file locks"
            ) from error


def _packed(scores: np.ndarray | None) -> tuple[int, bytes | None]:
    return (0, None) if scores is None else (len(scores), zlib.compress(scores.tobytes(), FAST))


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _locked(path: Path) -> IO[str]:
    """Lock a ledger for as long as the process lives; a file system without locks lets everybody in."""
    handle = _lock_path(path).open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise RuntimeError(
            f"another job is mapping with {path}; wait for it, or cancel it (scancel) and run again"
        ) from None
    except OSError:
        pass
    return handle


def _made_by(path: Path) -> str | None:
    """Return the fingerprint of a ledger, None if the file is none."""
    try:
        with closing(sqlite3.connect(path, timeout=60)) as database:
            if not database.execute("SELECT name FROM sqlite_master WHERE name = 'made_by'").fetchall():
                return None
            found = database.execute("SELECT fingerprint FROM made_by").fetchone()
    except sqlite3.OperationalError:
        raise  # locked, or out of reach: no reason to throw it away
    except sqlite3.DatabaseError:
        return None
    return found and found[0]
