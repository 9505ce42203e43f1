"""The one place where a script meets Snakemake: logging, warnings, and a rule's names bound to main()'s parameters."""

import inspect
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Two GeoPackages of the same content otherwise differ in the time they were written.
os.environ.setdefault("OGR_CURRENT_DATE", "2024-01-01T00:00:00.000Z")

RESERVED = {"code"}  # digest of the code, a rerun trigger only


def job(main: Callable[..., None], snakemake: Any) -> None:
    """Run a script's main() with what its rule gives it.

    Named inputs, outputs and params become arguments of the same name; `threads`, if main() takes it, is the rule's.
    Lists of files stay lists. Everything logged goes to the rule's log file and to stderr; so does a traceback.

    Raises:
        TypeError: The rule and main() do not name the same things.
    """
    _log_to(Path(snakemake.log[0]))
    arguments = bind(main, snakemake)
    started = time.monotonic()
    try:
        main(**arguments)
    except BaseException as error:
        logging.getLogger("rogi").exception("%s failed: %s", snakemake.rule, error)
        raise SystemExit(1) from None
    logging.getLogger("rogi").info("%s: done in %.1f s", snakemake.rule, time.monotonic() - started)


def bind(main: Callable[..., None], snakemake: Any) -> dict[str, Any]:
    """Match a rule's named inputs, outputs and params, and its threads, with the parameters of main()."""
    given: dict[str, Any] = {}
    for group in (snakemake.input, snakemake.output, snakemake.params):
        given |= {name: _plain(value) for name, value in group.items() if name not in RESERVED}
    wanted = inspect.signature(main).parameters
    if "threads" in wanted:
        given["threads"] = snakemake.threads
    if set(given) != set(wanted):
        raise TypeError(
            f"rule {snakemake.rule} and {main.__module__}.main() disagree: "
            f"only the rule names {sorted(set(given) - set(wanted))}, "
            f"only main() names {sorted(set(wanted) - set(given))}"
        )
    return given


def _plain(value: Any) -> Any:
    """Turn Snakemake's string and list classes into plain ones."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [logging.FileHandler(path, mode="w"), logging.StreamHandler(sys.stderr)]
    form = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")
    root = logging.getLogger()
    for handler in handlers:
        handler.setFormatter(form)
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("rogi").setLevel(logging.INFO)
    logging.captureWarnings(True)
    warnings.simplefilter("default")
    # rasterio and rasterstats multiply transforms in a way that affine 3 will drop; nothing a user could act on.
    warnings.filterwarnings("ignore", message="Use `@` matmul", category=PendingDeprecationWarning)
