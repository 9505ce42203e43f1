"""Long-term mean of one climate product, as a map: mean annual air temperature or annual precipitation."""

import logging

import numpy as np
from rasterio.crs import CRS

from workflow_scripts.rogi.attributes.climate import (
    cell_elevations,
    mean_annual_precipitation,
    mean_annual_temperature,
)
from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.raster import write_raster

NODATA = -9999.0
MEANS = {"maat": (mean_annual_temperature, "°C"), "ap": (mean_annual_precipitation, "mm yr⁻¹")}


def main(
    files: list[str],
    orography: list[str],
    climate_map: str,
    quantity: str,
    variable: str,
    units: str | None,
    years: list[int],
    orography_variable: str | None,
) -> None:
    """Write the map of MAAT (°C) or AP (mm yr⁻¹), EPSG:4326, on the grid of the product.

    With an orography, a second band holds the elevation of the cells, m.
    """
    mean, unit = MEANS[quantity]
    values, transform = mean(files, variable, years, units)
    bands = [values, *(cell_elevations(path, str(orography_variable), values.shape, transform) for path in orography)]
    filled = np.where(np.isfinite(bands), bands, NODATA).astype("float32")
    write_raster(climate_map, filled, CRS.from_epsg(4326), transform, nodata=NODATA)
    logging.getLogger("rogi").info(
        "%s %d to %d: %d cells, %d without a value, mean %.1f %s",
        *(quantity, years[0], years[-1], values.size, np.isnan(values).sum(), np.nanmean(values), unit),
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
