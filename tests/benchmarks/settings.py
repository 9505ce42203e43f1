"""The settings of the demo study, with which our side of a benchmark runs."""

from typing import Any

import yaml

from tests.benchmarks.machine import ROOT

CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
