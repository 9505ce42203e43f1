from pathlib import Path

import numpy as np
import shapely

from tests.review.scene import candidates, square
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.review.fingerprints import candidates_fingerprint


def test_it_names_the_content_and_not_its_form(tmp_path: Path) -> None:
    frame = candidates()
    name = candidates_fingerprint(frame)
    assert len(name) == 16
    assert int(name, 16) >= 0
    assert candidates_fingerprint(frame.iloc[::-1]) == name
    assert candidates_fingerprint(frame.assign(probability=0.0)) == name
    assert candidates_fingerprint(frame.set_geometry(shapely.force_3d(frame.geometry.array, 7.0))) == name
    assert candidates_fingerprint(frame.set_geometry(shapely.reverse(frame.geometry.array))) == name
    write_layers(tmp_path / "candidates.gpkg", {"candidates": frame}, "MultiPolygon")
    assert candidates_fingerprint(read_vector(tmp_path / "candidates.gpkg")) == name


def test_any_id_and_any_outline_change_it() -> None:
    frame = candidates()
    names = [
        candidates_fingerprint(one)
        for one in (
            frame,
            frame.iloc[:3],
            frame.assign(candidate_id=["CAN0", "CAN1", "CAN2", "CAN9"]),
            frame.set_geometry(np.roll(frame.geometry.array, 1)),
            candidates(shapes={0: square(0, side=0.0020001)}),
            candidates(0),
        )
    ]
    assert len(set(names)) == len(names)
