import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy import ndimage

from workflow_scripts.rogi.demo import landforms as placement
from workflow_scripts.rogi.demo.frame import Frame
from workflow_scripts.rogi.demo.landforms import Placer, blob, crosses, seams
from workflow_scripts.rogi.demo.scene import Scene
from workflow_scripts.rogi.geodesy import area_m2


def at(scene: Scene, field: np.ndarray, points: np.ndarray) -> np.ndarray:
    place = scene.frame.coarse_index(points[:, 1], 0), scene.frame.coarse_index(points[:, 0], 1)
    return ndimage.map_coordinates(field, place, order=1)


def test_there_are_as_many_rock_glaciers_as_asked_for_and_all_else(scene: Scene) -> None:
    landforms = scene.landforms
    assert len(landforms.rock_glaciers) == 14
    assert len(landforms.glaciers) >= 3
    assert len(landforms.debris_tongues) >= 2
    assert len(landforms.avalanches) == 2
    assert len(landforms.lakes) == 3
    assert landforms.summary().startswith("14 rock glaciers, ")


def test_rock_glaciers_are_of_true_size(scene: Scene) -> None:
    shapes = gpd.GeoSeries([scene.frame.to_lonlat(t.outline) for t in scene.landforms.rock_glaciers], crs=4326)
    assert shapes.is_valid.all()
    assert area_m2(shapes).min() >= 12_000
    assert area_m2(shapes).max() < 700_000
    lengths = np.array([tongue.length_m for tongue in scene.landforms.rock_glaciers])
    assert lengths.min() >= 300
    assert lengths.max() <= 1500


def test_landforms_lie_inside_the_imagery_and_apart(scene: Scene) -> None:
    inside = shapely.box(0, 0, scene.frame.width, scene.frame.height)
    tongues = [t.outline for t in scene.landforms.rock_glaciers]
    others = [*scene.landforms.glaciers, *scene.landforms.lakes]
    others += [t.outline for t in (*scene.landforms.debris_tongues, *scene.landforms.avalanches)]
    pairs = {frozenset(pair) for pair in scene.landforms.coalescing}
    for k, outline in enumerate(tongues):
        assert inside.contains(outline)
        assert shapely.distance(np.array(others), outline).min() > 0
        apart = [m for m in range(len(tongues)) if m != k and frozenset((k, m)) not in pairs]
        assert shapely.distance(np.array(tongues)[apart], outline).min() * scene.frame.pixel_m > 40


def test_some_coalesce_along_a_shared_margin(scene: Scene) -> None:
    assert scene.landforms.coalescing
    for first, second in scene.landforms.coalescing:
        one, other = (scene.landforms.rock_glaciers[k].outline for k in (first, second))
        shared = one.intersection(other)
        assert shared.area < 1e-6 * one.area
        assert shared.length * scene.frame.pixel_m > 30


def test_tongues_flow_downhill_from_below_headwalls(scene: Scene) -> None:
    reach = 2 * round(450 / scene.frame.cell_m) + 1
    headwall = ndimage.maximum_filter(scene.relief.height, reach) - scene.relief.height
    for tongue in scene.landforms.rock_glaciers:
        height = at(scene, ndimage.gaussian_filter(scene.relief.height, 2.5), tongue.line)
        assert height[0] - height[-1] > 0.05 * tongue.length_m
        assert (np.diff(height[::5]) < 3).all()
        assert at(scene, headwall, tongue.line[:1])[0] > 100


def test_glaciers_are_high_and_debris_tongues_begin_at_their_margin(scene: Scene) -> None:
    for glacier in scene.landforms.glaciers:
        assert at(scene, scene.relief.height, np.array([glacier.representative_point().coords[0]]))[0] > 5200
    for tongue in scene.landforms.debris_tongues:
        assert shapely.distance(np.array(scene.landforms.glaciers), tongue.outline).min() * scene.frame.pixel_m < 20


def test_rock_glaciers_cross_the_seams_of_quads(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    seam = shapely.LineString([(1500, 0), (1500, 4096)])
    monkeypatch.setattr(placement, "seams", lambda frame: [seam])
    landforms = Placer(scene.frame, scene.relief, np.random.default_rng(4)).place(8)
    assert sum(crosses(seam)(tongue.outline) for tongue in landforms.rock_glaciers) >= 2


def test_placement_follows_the_seed(scene: Scene) -> None:
    one, same, other = (
        Placer(scene.frame, scene.relief, np.random.default_rng(seed)).place(3).outlines() for seed in (1, 1, 2)
    )
    assert [shape.wkb for shape in one] == [shape.wkb for shape in same]
    assert [shape.wkb for shape in one] != [shape.wkb for shape in other]


def test_no_room_is_an_error(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    placer = Placer(scene.frame, scene.relief, np.random.default_rng(1))
    monkeypatch.setattr(placer, "_starts", lambda near=None: iter([]))
    with pytest.raises(ValueError, match="only 0 of 5 rock glaciers fit into 1 x 1 quads"):
        placer.place(5)


def test_seams_lie_between_quads() -> None:
    lines = seams(Frame(1474, 1237, 3, 2))
    assert [line.bounds for line in lines] == [(4096, 0, 4096, 8192), (8192, 0, 8192, 8192), (0, 4096, 12288, 4096)]


def test_crossing_means_a_fifth_on_either_side() -> None:
    test = crosses(shapely.LineString([(10, -5), (10, 50)]))
    assert test(shapely.box(0, 0, 20, 10))
    assert not test(shapely.box(0, 0, 11, 10))
    assert not test(shapely.box(12, 0, 20, 10))


def test_lakes_are_round_and_of_their_size() -> None:
    lake = blob(100, 200, 30, np.random.default_rng(2))
    assert lake.is_valid
    assert lake.contains(shapely.Point(100, 200))
    assert 0.3 < lake.area / (np.pi * 30**2) < 1.5
