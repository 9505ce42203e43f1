import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflow_scripts.make_demo_world import main
from workflow_scripts.rogi.demo.elevation import tile_corner, tiles_needed
from workflow_scripts.rogi.demo.frame import Frame, quad_of
from workflow_scripts.rogi.demo.names import demo_files

ROOT = Path(__file__).parents[2]
DEMO = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["demo"]


@pytest.mark.parametrize(
    ("west", "south", "across", "up"), [(1474, 1237, 3, 1), (1474, 1237, 1, 1), (1478, 1250, 4, 3)]
)
def test_the_files_that_snakemake_names_are_those_that_are_made(west: int, south: int, across: int, up: int) -> None:
    demo = DEMO | {"west_quad": west, "south_quad": south, "quads_x": across, "quads_y": up}
    files = demo_files(demo, [2019, 2020], [2019, 2020])
    frame = Frame(west, south, across, up)
    quads = {(x, y) for x in range(west, west + across) for y in range(south, south + up)}
    assert {quad_of(path) for path in files["quads_q3"]} == {quad_of(path) for path in files["quads_q4"]} == quads
    assert {tile_corner(path) for path in files["dem_tiles"]} == tiles_needed(frame)
    assert set(files) <= set(inspect.signature(main).parameters)


def test_every_file_is_written_and_no_other_is_left(world: dict[str, Any]) -> None:
    wanted = {Path(path) for value in world.values() for path in ([value] if isinstance(value, str) else value)}
    folder = Path(world["truth"]).parent
    found = {path for path in folder.rglob("*") if path.is_file()}
    assert wanted <= found
    assert {path.suffix for path in found - wanted} == {".dbf", ".shx", ".prj", ".cpg"}
    assert {path.stem for path in found - wanted} == {
        "inventory_a",
        "14_rgi60_DemoRange",
        "DemoRange_minGl1km2_debrisCover",
    }


def test_wrong_years_are_noticed_before_anything_is_made(world: dict[str, Any]) -> None:
    settings: dict[str, Any] = {"quads_x": 1, "quads_y": 1, "west_quad": 1474, "south_quad": 1237, "threads": 1}
    with pytest.raises(ValueError, match="expected one file for each of the 36 months of 2018 to 2020"):
        main(
            **world, **settings, rock_glaciers=14, seed=1, subregion_names=["A", "B", "C"], inventory_years=[2018, 2020]
        )
