import numpy as np
import pytest
import shapely

from workflow_scripts.rogi.demo.frame import Frame
from workflow_scripts.rogi.demo.landforms import Landforms
from workflow_scripts.rogi.demo.scene import Scene
from workflow_scripts.rogi.demo.stamps import Stamp, mix, pixels_in, stamps
from workflow_scripts.rogi.demo.textures import Textures
from workflow_scripts.rogi.demo.tongues import STEP_M, Tongue, outline

FRAME = Frame(1474, 1237, 1, 1)
FLAT = Textures(*(np.zeros((8, 8), dtype=np.float32) for _ in range(5)))
HALF_WIDTH_M = 120.0


@pytest.fixture(scope="module")
def straight() -> Tongue:
    """A tongue of 1 km that runs to the south."""
    line = np.column_stack([np.full(101, 900.0), 700 + STEP_M / FRAME.pixel_m * np.arange(101)])
    shape = outline(line, HALF_WIDTH_M, FRAME.pixel_m, 0.1, np.random.default_rng(1))
    return Tongue(line, shape, HALF_WIDTH_M)


def stamp_of(kind: str, thing: Tongue | shapely.Polygon, textures: Textures = FLAT) -> Stamp:
    landforms = Landforms()
    getattr(landforms, kind).append(thing)
    return next(stamps(landforms, FRAME, textures, np.random.default_rng(6)))


def test_a_stamp_covers_exactly_its_outline(straight: Tongue) -> None:
    stamp = stamp_of("rock_glaciers", straight)
    assert stamp.inside.sum() == pytest.approx(straight.outline.area, rel=0.002)
    y, x = np.nonzero(stamp.inside)
    assert shapely.contains_xy(straight.outline, x + stamp.column + 0.5, y + stamp.row + 0.5).all()
    assert (stamp.rise[~stamp.inside] == 0).all()
    assert (stamp.rise[stamp.inside] > -4).all()


def test_the_front_is_steep_and_the_root_is_not(straight: Tongue) -> None:
    stamp = stamp_of("rock_glaciers", straight)
    along = stamp.rise[:, 900 - stamp.column]
    front = int(straight.outline.bounds[3]) - stamp.row
    forty_metres = round(40 / FRAME.pixel_m)
    assert along[front - forty_metres] > 15
    assert along[: 2 * forty_metres].max() < 10
    assert 15 < stamp.rise.max() < 50


def test_furrows_are_arcs_that_bulge_downslope(straight: Tongue) -> None:
    stamp = stamp_of("rock_glaciers", straight)
    middle = 900 - stamp.column
    aside = round(45 / FRAME.pixel_m)
    rows = slice(round(450 / FRAME.pixel_m), round(750 / FRAME.pixel_m))
    centre = np.gradient(stamp.rise[rows, middle])
    shifts = np.arange(-4, 7)
    for column in (middle - aside, middle + aside):
        flank = np.gradient(stamp.rise[:, column])
        alike = [np.corrcoef(centre, np.roll(flank, shift)[rows])[0, 1] for shift in shifts]
        # The flank's arcs lie upslope (north) and have to be moved downslope to meet those of the centre.
        assert shifts[int(np.argmax(alike))] == pytest.approx(45**2 / (1.4 * HALF_WIDTH_M) / FRAME.pixel_m, abs=1.1)


def test_furrows_tell_rock_glaciers_from_debris_covered_ice(straight: Tongue, scene: Scene) -> None:
    rows = slice(round(400 / FRAME.pixel_m), round(800 / FRAME.pixel_m))
    periodic = []
    for kind in ("rock_glaciers", "debris_tongues", "avalanches"):
        stamp = stamp_of(kind, straight, scene.textures)
        profiles = stamp.rise[rows, 900 - stamp.column - 8 : 900 - stamp.column + 8]
        power = (np.abs(np.fft.rfft(np.diff(profiles, axis=0), axis=0)) ** 2).mean(axis=1)
        wavelength = 400 / np.maximum(np.arange(len(power)), 1e-9)
        periodic.append(power[(wavelength > 30) & (wavelength < 65)].sum() / power[wavelength < 300].sum())
    assert periodic[0] > 1.5 * max(periodic[1:])


def test_lakes_are_level(scene: Scene) -> None:
    lakes = [stamp for stamp in scene.stamps if stamp.is_water]
    assert len(lakes) == len(scene.landforms.lakes)
    assert all(4400 < lake.level_m < 6500 for lake in lakes)
    assert all((lake.rise <= 0).all() for lake in lakes)


def test_water_is_blue_and_paler_at_the_shore() -> None:
    lake = shapely.Point(400, 400).buffer(40)
    stamp = stamp_of("lakes", lake)
    red, _, blue = stamp.colour
    assert (blue[stamp.inside] > red[stamp.inside]).all()
    assert red[42, 42] < red[42, 4]


def test_pixels_belong_where_their_centres_are() -> None:
    inside = pixels_in(shapely.box(10.4, 20.6, 12.6, 22), 20, 10, (3, 4))
    np.testing.assert_array_equal(inside, [[0, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]])


def test_colours_mix() -> None:
    share = np.array([[0.0, 0.25, 1.0]])
    mixed = mix(np.array([0.0, 100, 200]), np.array([100.0, 100, 0]), share)
    np.testing.assert_allclose(mixed[:, 0], [[0, 25, 100], [100, 100, 100], [200, 150, 0]])


def test_textures_are_cut_from_one_plane(scene: Scene) -> None:
    rows, columns = np.arange(3000, 3100), np.arange(-50, 70)
    for name in vars(scene.textures):
        whole = scene.textures.cut(name, rows, columns)
        assert whole.shape == (100, 120)
        np.testing.assert_array_equal(scene.textures.cut(name, rows[40:], columns[:9]), whole[40:, :9])
        assert whole.std() > 0.3
