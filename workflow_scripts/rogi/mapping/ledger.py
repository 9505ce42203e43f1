"""The ledger of a mapping job: scores of every window that is done, so that a killed job goes on from there."""

import hashlib
import json
import logging
import sqlite3
import zlib
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

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


class Ledger:
    """Scores by window, in an SQLite file; every `put` is kept whole or not at all, also through a SIGKILL.

    To be used by one thread at a time.
    """

    def __init__(self, path: str | Path, made_by: str) -> None:
        """Open a ledger or begin a new one; one with another fingerprint is not used but replaced.

        Args:
            path: The file.
            made_by: `fingerprint` of model, settings, imagery and machine.
        """
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and _made_by(self.path) != made_by:
            logging.getLogger("rogi").warning(
                "%s is of another model, configuration, imagery or kind of machine, and is begun anew", self.path
            )
            _remove(self.path)
        self._database = sqlite3.connect(self.path, timeout=60, check_same_thread=False)
        if not self._database.execute("SELECT name FROM sqlite_master").fetchall():
            with self._database:
                self._database.executescript(f"BEGIN; {TABLES}")
                self._database.execute("INSERT INTO made_by VALUES (?)", (made_by,))

    def windows(self) -> dict[tuple[int, int], bool]:
        """Return, by row and column of their first pixel, all windows that are done, and whether they have scores."""
        rows = self._database.execute("SELECT top, left, layers FROM windows")
        return {(top, left): layers > 0 for top, left, layers in rows}

    def put(self, window: Window, scores: np.ndarray | None, damaged: Iterable[DamagedBlock] = ()) -> None:
        """Keep the scores of a window, uint8 (layers, height, width), or None where it has no imagery."""
        content = (0, None) if scores is None else (len(scores), zlib.compress(scores.tobytes(), FAST))
        row = (window.row_off, window.col_off, *content)
        with self._database:
            self._database.execute("INSERT OR IGNORE INTO windows VALUES (?, ?, ?, ?)", row)
            self._database.executemany("INSERT OR IGNORE INTO damaged VALUES (?, ?, ?)", damaged)

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

    def discard(self) -> None:
        """Close and remove the file, with what SQLite may have left beside it."""
        self.close()
        _remove(self.path)


def _remove(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def _made_by(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(path)) as database:
            found = database.execute("SELECT fingerprint FROM made_by").fetchone()
    except sqlite3.DatabaseError:
        return None
    return found and found[0]
