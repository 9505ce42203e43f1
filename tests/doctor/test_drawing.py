"""The map: what is missing is red."""

from base64 import b64decode
from io import BytesIO

import geopandas as gpd
import matplotlib.image
import numpy as np
import pytest
import shapely

from workflow_scripts.rogi.doctor.covers import Area, box_of, cover
from workflow_scripts.rogi.doctor.drawing import MISSING, draw_covers
from workflow_scripts.rogi.geodesy import WGS84


def missing_share(east: float) -> float:
    """Return the share of the map's pixels in the colour of what is missing, of an input that ends in the east."""
    square = gpd.GeoSeries([shapely.box(79, 35, 80, 36)], crs=WGS84)
    area = Area(gpd.GeoDataFrame({"NAME": ["Here"], "slug": ["here"]}, geometry=square, crs=WGS84), square)
    picture = draw_covers(area, [cover("DEM", box_of((78, 34, east, 37), WGS84), area)])
    image = matplotlib.image.imread(BytesIO(b64decode(picture)))[..., :3]
    red = np.array([int(MISSING[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return float(np.isclose(image, red, atol=0.01).all(axis=-1).mean())


def test_red_grows_with_what_is_missing() -> None:
    legend, quarter, half = (missing_share(east) for east in (81, 79.75, 79.5))
    assert 0 < legend < 0.01
    assert half - legend == pytest.approx(2 * (quarter - legend), rel=0.05)
    assert half > 0.1
