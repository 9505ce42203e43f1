"""The columns of the published inventory, defined once: checks, shapefiles and data dictionary derive from here.

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
        description: What it is, and how it was derived.
        source: The data it comes from.
        lowest: Smallest plausible value, None where there is none.
        highest: Largest plausible value, None where there is none.
        required: Whether a missing value keeps the inventory from being published.
    """

    name: str
    kind: str
    unit: str
    description: str
    source: str
    lowest: float | None = None
    highest: float | None = None
    required: bool = True


_DEM = "NASADEM or another DEM (config: elevation)"
_TABLE2 = "Table 2 of Sun et al. (2024)"

COLUMNS = (
    Column("ID", "str", "", "Primary ID: RGU + latitude and longitude with four decimals (RGIK)", _TABLE2),
    Column("SUBREGION", "str", "", "Subregion that holds the primary marker, or the nearest where none does", _TABLE2),
    Column("SYSTEM", "str", "", "Rock glacier system (RGIK) that the unit is part of: SYS + latitude and longitude of "
           "the connected object's primary marker; empty for retrieved rock glaciers", "model", required=False),
    Column("AREA", "float", "m²", "Ellipsoidal area of the extended footprint (WGS84)", "outline", 0, 1e8),
    Column("LATITUDE", "float", "°", "Latitude of the primary marker (WGS84)", "outline", -90, 90),
    Column("LONGITUDE", "float", "°", "Longitude of the primary marker (WGS84)", "outline", -180, 180),
    Column("ELE_MEAN", "float", "m a.s.l.", "Mean elevation, cells weighted by coverage", _DEM, -500, 9000, False),
    Column("ELE_MEDIAN", "float", "m a.s.l.", "Median elevation", _DEM, -500, 9000, False),
    Column("ELE_MIN", "float", "m a.s.l.", "Lowest elevation of the cells touched", _DEM, -500, 9000, False),
    Column("ELE_MAX", "float", "m a.s.l.", "Highest elevation of the cells touched", _DEM, -500, 9000, False),
    Column("SLO_MEAN", "float", "°", "Mean slope (Horn 1981), cells weighted by coverage", _DEM, 0, 90, False),
    Column("SLO_MEDIAN", "float", "°", "Median slope", _DEM, 0, 90, False),
    Column("SLO_MIN", "float", "°", "Smallest slope of the cells touched", _DEM, 0, 90, False),
    Column("SLO_MAX", "float", "°", "Largest slope of the cells touched; coarser DEMs give less", _DEM, 0, 90, False),
    Column("ASPECT", "float", "°", "Circular mean of the downslope azimuth from true north, flat cells left out", _DEM,
           0, 360, False),
    Column("ASPECT_R", "float", "", "Resultant length of the aspect: 1 all cells alike, 0 no common direction", _DEM,
           0, 1, False),
    Column("DEM_SHARE", "float", "", "Share of the outline on valid DEM cells; below 1, the terrain columns describe "
           "that part", _DEM, 0, 1),
    Column("PISR", "float", "kWh m⁻² yr⁻¹", "Annual potential incoming solar radiation on the sloping surface, without "
           "atmosphere (Kumar et al. 1997); horizon flat, no cast shadow", _DEM, 0, 5000, False),
    Column("MAAT", "float", "°C", "Mean annual air temperature at the primary marker", "FLDAS monthly", -60, 40, False),
    Column("MAGT", "float", "°C", "Mean annual ground temperature at the primary marker", "Obu et al. (2018)",
           -60, 40, False),
    Column("MAGT_DIST", "float", "m", "Distance from the marker to the ground temperature cell used: 0 when it lies "
           "inside the cell, else that to the centre of the nearest valid one", "Obu et al. (2018)", 0, None, False),
    Column("AP", "float", "mm yr⁻¹", "Mean annual precipitation at the primary marker", "IMERG monthly",
           0, 15000, False),
    Column("PROB", "float", "", "Mean model probability of the candidate; empty for retrieved rock glaciers", "model",
           0, 1, False),
    Column("SPREAD", "float", "", "Mean standard deviation of the probability among models and views; empty for one "
           "model and for retrieved rock glaciers", "model", 0, 1, False),
    Column("OPERATION", "str", "", "What the review did: unreviewed, remain, refine or retrieve", "review"),
    Column("SOUR_DATA", "str", "", "Imagery that the outline was drawn on", _TABLE2),
    Column("MAP_DATE", "str", "", "Date of the mapper's decision; empty when unreviewed", _TABLE2, required=False),
    Column("MAPPER", "str", "", "Mapper; empty when unreviewed", _TABLE2, required=False),
    Column("REVIEWER", "str", "", "Independent reviewer; empty when not validated", _TABLE2, required=False),
    Column("ADDI_INF", "str", "", "Additional information, such as a reviewer's doubt", _TABLE2, required=False),
)  # fmt: skip
NAMES = tuple(column.name for column in COLUMNS)
FILLED_ON_MERGING = ("ID", "SUBREGION")
