"""Are the files there that nobody produces?"""

import os
from collections.abc import Mapping
from glob import glob
from typing import Any

from workflow_scripts.rogi.demo.names import ROOT as DEMO_ROOT
from workflow_scripts.rogi.doctor.verdicts import Check, Verdict, listed
from workflow_scripts.rogi.inputs import inputs


def matching(pattern: str | None) -> list[str]:
    """Return the files that match a path or pattern, sorted; none for no pattern."""
    return [] if pattern is None else sorted(glob(pattern))


def examine_presence(config: Mapping[str, Any], sources: Mapping[str, str]) -> list[Verdict]:
    """Tell for every external input whether any file is there, and whether it is still the demo's.

    Args:
        config: The resolved config.
        sources: Where an input comes from, by config key.
    """
    return [_present(config, key, pattern, sources[key].strip()) for key, pattern in inputs(config)]


def _present(config: Mapping[str, Any], key: str, pattern: str, source: str) -> Verdict:
    if pattern.startswith(DEMO_ROOT) and not config["demo"]["enabled"]:
        expected = "a file of the study's own, for demo.enabled is false"
        to_do = f"name files of your own under {key}, or null or [] where CONFIG.md allows it"
        return Check("presence", key, expected, to_do).failed(f"{pattern}, of the demo world")
    found = matching(pattern)
    check = Check("presence", key, "at least one file", f"{source} Or name another place under {key}.")
    if broken := [path for path in found if not os.path.exists(path)]:
        return check.failed(f"{len(broken)} of {len(found)} are links to nothing: {listed(broken)}")
    return check.either(bool(found), f"{len(found)} × {pattern}" if found else f"no file {pattern}")
