"""The columns of the published inventory, defined once: checks, shapefiles, data dictionary and docs/attributes.md.

Names of at most ten characters, the limit of a shapefile. Those marked with Table 2 are the names of Sun et al. (2024);
the published spelling of the coordinate columns could not be verified, so LATITUDE and LONGITUDE are our own.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One published column.

    Attributes:
        name: At most ten characters.
        kind: "str", "float" or "int".
        unit: Unit of the values, or "" where there is none.
        description: What it is.
        source: The data it comes from.
        lowest: Smallest plausible value, None where there is none.
        highest: Largest plausible value, None where there is none.
        formula: How it is derived, and from whom that is.
        empty: When there is no value; "" for a column whose missing values keep the inventory from being published.
        caveat: What to mind when using it.
    """

    name: str
    kind: str
    unit: str
    description: str
    source: str
    lowest: float | None = None
    highest: float | None = None
    formula: str = ""
    empty: str = ""
    caveat: str = ""

    @property
    def required(self) -> bool:
        """Whether a missing value keeps the inventory from being published."""
        return not self.empty


_DEM = "DEM (config: elevation)"
_GLACIERS = "glacier outlines (config: glaciers.outlines)"
_AIR = "FLDAS monthly, or another product (config: climate.air_temperature)"
_RAIN = "IMERG monthly, or another product (config: climate.precipitation)"
_TABLE2 = "Table 2 of Sun et al. (2024)"
_MASL = "m a.s.l."

_COVERED = "cells weighted by the share of them that the outline covers (exactextract)"
_TOUCHED = "of all cells that the outline touches, however little"
_HORN = "Horn (1981), richdem; gradient per true metre east and north on the ellipsoid"
_OUTSIDE = "DEM_SHARE is 0"
_NO_SLOPE = "SLO_SHARE is 0"
_NO_CURVATURE = "CURV_SHARE is 0"
_NO_LINE = "no cell of the outline has a direction downslope: DEM_SHARE is 0, or it is level or in a closed hollow"
_ASTRIDE = "the outline lies on both sides of 180° longitude"
_RETRIEVED = "retrieved rock glaciers, which no candidate led to"
_UNREVIEWED = "not reviewed"
_SPIKES = "one wrong cell of the DEM makes it"
_COARSE = "coarser DEMs give lower values"
_LINE = (
    "lines of steepest descent inside the outline are traced up and down from the centre of every cell on the DEM, its "
    "depressions filled (richdem) and smoothed (Gaussian, elevation.flow_smoothing_m); taken is the one along which "
    "the distances to the outline add up to most, the longest that keeps to the middle"
)  # fmt: skip

_IDENTITY = (
    Column("ID", "str", "", "Primary ID of the rock glacier unit (RGIK 2023)", _TABLE2,
           formula="RGU, latitude (2 + 4 digits) and N or S, longitude (3 + 4 digits) and E or W of the primary marker",
           caveat="where two markers share an ID, the last digit of the longitude is stepped until it is free"),
    Column("SUBREGION", "str", "", "Subregion that holds the primary marker, or the nearest where none does", _TABLE2),
    Column("SYSTEM", "str", "", "Rock glacier system (RGIK) that the unit is part of", "model",
           formula="SYS, latitude and longitude of the connected object's primary marker",
           empty=_RETRIEVED),
    Column("AREA", "float", "m²", "Area of the extended footprint", "outline", 0, 1e8,
           "geodesic area on the WGS84 ellipsoid (Karney 2013)",
           caveat="true ground area; areas in EPSG:3857 are 1.3 to 1.7 times larger on the plateau"),
    Column("LATITUDE", "float", "°", "Latitude of the primary marker (WGS84)", "outline", -90, 90,
           "point on surface of GEOS, which lies inside the outline also where the centroid does not"),
    Column("LONGITUDE", "float", "°", "Longitude of the primary marker (WGS84)", "outline", -180, 180,
           "as LATITUDE"),
)  # fmt: skip

_TERRAIN = (
    Column("ELE_MEAN", "float", _MASL, "Mean elevation", _DEM, -500, 9000, f"mean, {_COVERED}", _OUTSIDE,
           "above the geoid of the DEM (NASADEM: EGM96); NASADEM shows the ground of February 2000"),
    Column("ELE_MEDIAN", "float", _MASL, "Median elevation", _DEM, -500, 9000, f"median, {_COVERED}", _OUTSIDE),
    Column("ELE_MIN", "float", _MASL, "Lowest elevation", _DEM, -500, 9000, f"minimum {_TOUCHED}", _OUTSIDE,
           f"the front altitude of the paper; {_SPIKES}"),
    Column("ELE_MAX", "float", _MASL, "Highest elevation", _DEM, -500, 9000, f"maximum {_TOUCHED}", _OUTSIDE, _SPIKES),
    Column("ELE_RANGE", "float", "m", "Altitude range", _DEM, 0, 5000, "ELE_MAX - ELE_MIN", _OUTSIDE),
    Column("SLO_MEAN", "float", "°", "Mean slope of the cells", _DEM, 0, 90, f"mean, {_COVERED}; {_HORN}", _NO_SLOPE,
            "not the slope of the mean plane; " + _COARSE),
    Column("SLO_MEDIAN", "float", "°", "Median slope", _DEM, 0, 90, f"median, {_COVERED}", _NO_SLOPE),
    Column("SLO_MIN", "float", "°", "Smallest slope", _DEM, 0, 90, f"minimum {_TOUCHED}", _NO_SLOPE),
    Column("SLO_MAX", "float", "°", "Largest slope", _DEM, 0, 90, f"maximum {_TOUCHED}", _NO_SLOPE, _COARSE),
    Column("ASPECT", "float", "°", "Mean aspect, the azimuth downslope from true north", _DEM, 0, 360,
           "atan2(mean sin, mean cos) of the cells' aspects, " + _COVERED + "; flat cells left out",
           "ASP_SHARE is 0", "says nothing where ASPECT_R is small"),
    Column("ASPECT_R", "float", "", "Resultant length of the aspect: 1 all cells alike, 0 no common direction", _DEM,
           0, 1, "√(mean sin² + mean cos²) of the means", "ASP_SHARE is 0"),
    Column("CURV_MEAN", "float", "km⁻¹", "Mean curvature of the surface, positive where it bulges", _DEM, -200, 200,
           "mean over the outline of H = -((1 + q²)r - 2pqs + (1 + p²)t) / (2(1 + p² + q²)^1.5), p and q the "
           "gradient east and north, r, s and t the gradients of these (Horn twice, richdem); 1/R on a sphere of "
           "radius R",
           _NO_CURVATURE, "spans 5 x 5 cells; " + _COARSE),
    Column("ROUGHNESS", "float", "", "Mean vector ruggedness: 0 where the surface is plane", _DEM, 0, 1,
           "mean over the outline of 1 - |mean of the 3 x 3 unit normals| (Sappington et al. 2007)",
           _NO_CURVATURE, "at the scale of the DEM's cells, not of boulders"),
    Column("LENGTH", "float", "m", "Length along the flow line", _DEM, 0, 2e4, _LINE + "; in true metres of its plan",
           _NO_LINE, "our own definition; two tongues in one outline have the longer one's"),
    Column("WIDTH", "float", "m", "Mean width across the flow line", _DEM, 0, 2e4, "AREA x DEM_SHARE / LENGTH",
           _NO_LINE),
    Column("ELONGATION", "float", "", "How many times longer than wide", _DEM, 0, 1000, "LENGTH / WIDTH", _NO_LINE,
           "below 1 for lobes that are wider than long"),
    Column("FLOW_DIR", "float", "°", "Which way it flows: azimuth of the flow line from true north", _DEM, 0, 360,
           "from the head of the line of LENGTH to its foot", _NO_LINE),
    Column("FRONT_ALT", "float", _MASL, "Front altitude, at the foot of the flow line", _DEM, -500, 9000,
           "elevation of the cell at the lower end of the line of LENGTH",
           _NO_LINE, "the front talus is part of an extended outline, so this is the altitude of its base; the paper "
           "takes ELE_MIN"),
    Column("HEADWALL", "float", "m", "Height of the headwall above the root zone", _DEM, 0, 5000,
           "highest cell within elevation.headwall_distance_m that drains into the root zone (Tarboton 1997, richdem, "
           "on the DEM with its depressions filled), minus the highest of the root zone, which is the highest tenth of "
           "the outline's cells", _OUTSIDE, "our own definition; 0 where nothing higher drains into it"),
    Column("DEM_SHARE", "float", "", "Share of the outline on valid DEM cells", _DEM, 0, 1, _COVERED,
           caveat="below 1, the terrain columns describe that part; 0 also for outlines that span more than 1°, as "
           "those across 180° longitude do"),
    Column("SLO_SHARE", "float", "", "Share of the outline on cells with a slope", _DEM, 0, 1,
           "the cell and its 8 neighbours are valid", _OUTSIDE, "of the SLO columns and insolation"),
    Column("ASP_SHARE", "float", "", "Share of the outline on cells with an aspect", _DEM, 0, 1,
           "as SLO_SHARE, without flat cells", _OUTSIDE, "of ASPECT and ASPECT_R"),
    Column("CURV_SHARE", "float", "", "Share of the outline on cells with a curvature", _DEM, 0, 1,
           "the cell and the 24 round it are valid", _OUTSIDE, "of CURV_MEAN and ROUGHNESS"),
    Column("PISR", "float", "kWh m⁻² yr⁻¹", "Potential incoming solar radiation, without atmosphere", _DEM,
           0, 5000,
           "direct radiation of Kumar et al. (1997) with transmittance 1 on the sloping surface, 0 in cast shadow",
           _NO_SLOPE, "only without atmosphere do the paper's values agree with the equations"),
    Column("PISR_CLEAR", "float", "kWh m⁻² yr⁻¹", "Potential incoming solar radiation, clear sky", _DEM,
           0, 5000, "direct, diffuse and reflected radiation of Kumar et al. (1997), air mass corrected for "
           "pressure (insolation.atmosphere)",
           _NO_SLOPE, "no clouds, and one turbidity everywhere"),
    Column("HORIZON", "float", "", "Share of the horizon that the DEM covers", _DEM, 0, 1,
           "sectors x distance up to the insolation's search radius", _NO_SLOPE,
           "below 1, mountains beyond the DEM cast no shadow"),
)  # fmt: skip

_SURROUNDINGS = (
    Column("GLAC_SHARE", "float", "", "Share of the outline under mapped glaciers", _GLACIERS, 0, 1,
           "area of the intersection / AREA", f"no glacier outlines are configured, or {_ASTRIDE}",
           "the Randolph Glacier Inventory contains rock glaciers too: look before removing"),
    Column("DEB_SHARE", "float", "", "Share of the outline under mapped debris-covered ice",
           "debris outlines (config: glaciers.debris)", 0, 1,
           "area of the intersection / AREA", f"no debris outlines are configured, or {_ASTRIDE}"),
    Column("GLAC_DIST", "float", "m", "Distance from the outline to the nearest mapped glacier", _GLACIERS, 0, None,
           "true ground metres between the outlines, 0 where they touch",
           f"no glacier within glaciers.search_radius_m, no glacier outlines are configured, or {_ASTRIDE}"),
    Column("MAAT", "float", "°C", "Mean annual air temperature", _AIR, -60, 40,
           "mean over all months of the years, weighted by their days, at the primary marker (climate.interpolation)",
           "no air temperature is configured, or the cell has none",
           "of a cell of about 100 km² (FLDAS), not corrected for elevation"),
    Column("MAAT_LAPSE", "float", "°C", "Mean annual air temperature at the rock glacier's elevation",
           f"{_AIR}; DEM", -60, 40, "MAAT + lapse rate x (elevation of the grid cell - ELE_MEAN)",
           "switched off (climate), or MAAT or ELE_MEAN is empty", "not in the paper"),
    Column("MAGT", "float", "°C", "Mean annual ground temperature", "Obu et al. (2018)", -60, 40,
           "value of the 1 km cell at the primary marker, else of the nearest valid one",
           "no ground temperature is configured, or no valid cell is near", "a model of 2000 to 2016"),
    Column("MAGT_DIST", "float", "m", "Distance from the marker to the ground temperature cell used",
           "Obu et al. (2018)", 0, None, "0 when it lies inside the cell, else that to the centre of the cell taken",
           "MAGT is empty"),
    Column("AP", "float", "mm yr⁻¹", "Mean annual precipitation", _RAIN, 0, 15000,
           "sum of the months of a year, mean over the years, at the primary marker (climate.interpolation)",
           "no precipitation is configured, or the cell has none", "of a cell of about 100 km² (IMERG)"),
)  # fmt: skip

_LINEAGE = (
    Column("PROB", "float", "", "Mean model probability of the candidate", "model", 0, 1, empty=_RETRIEVED),
    Column("SPREAD", "float", "", "Mean standard deviation of the probability among models and views", "model", 0, 1,
           empty="one model and one view; " + _RETRIEVED),
    Column("OPERATION", "str", "", "What the review did: unreviewed, remain, refine, split, merge or retrieve",
           "review"),
    Column("CAND_IDS", "str", "", "Candidates that the outline comes from, joined by '; '", "review",
           empty=_RETRIEVED),
    Column("AREA_CAND", "float", "m²", "Area of these candidates before the review", "review", 0, 1e8,
           "as AREA", _RETRIEVED),
    Column("IOU_CAND", "float", "", "How much of the candidates the review left: 1 all as it was", "review", 0, 1,
           "area of intersection / area of union of the candidates and the outline", _RETRIEVED),
    Column("MAP_CONF", "str", "", "The mapper's confidence: low, medium or high", "review",
           empty=f"{_UNREVIEWED}, or the mapper did not say"),
    Column("SOUR_DATA", "str", "", "Imagery that the outline was drawn on", _TABLE2),
    Column("MAP_DATE", "str", "", "Date of the mapper's decision", _TABLE2, empty=_UNREVIEWED),
    Column("MAPPER", "str", "", "Who mapped or decided", _TABLE2, empty=_UNREVIEWED),
    Column("REVIEWER", "str", "", "Independent reviewer", _TABLE2, empty="not validated"),
    Column("ADDI_INF", "str", "", "Additional information, such as a reviewer's doubt", _TABLE2, empty="none given"),
)  # fmt: skip

GROUPS = {
    "Identity and size": _IDENTITY,
    "Terrain": _TERRAIN,
    "Surroundings and climate": _SURROUNDINGS,
    "Origin and review": _LINEAGE,
}
COLUMNS = tuple(column for group in GROUPS.values() for column in group)
NAMES = tuple(column.name for column in COLUMNS)
FILLED_ON_MERGING = ("ID", "SUBREGION")
