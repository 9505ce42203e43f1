"""Terrain, insolation and climate of every rock glacier."""


rule summarize_climate:
    """Map of mean annual air temperature (maat) or precipitation (ap), from monthly files."""
    input:
        files=climate_files,
        orography=orography,
    output:
        climate_map="results/climate/{quantity}.tif",
    log:
        "results/logs/summarize_climate/{quantity}.log",
    benchmark:
        "results/benchmarks/summarize_climate/{quantity}.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("summarize_climate"),
        quantity="{quantity}",
        variable=climate_variable,
        units=climate_units,
        years=climate_years,
        orography_variable=orography_variable,
    script:
        "../workflow_scripts/summarize_climate.py"


rule attribute_subregion:
    """Attributes of every rock glacier of one subregion (Table 2 of Sun et al. 2024)."""
    input:
        reviewed="results/subregions/{subregion}/reviewed.gpkg",
        dem=files(config["elevation"]["tiles"]),
        maat=climate_map("maat"),
        ap=climate_map("ap"),
        magt=files(config["climate"]["ground_temperature"]["path"]),
        glacier_files=paths(config["glaciers"]["outlines"] + config["glaciers"]["debris"]),
    output:
        rock_glaciers="results/subregions/{subregion}/rock_glaciers.gpkg",
    log:
        "results/logs/attribute_subregion/{subregion}.log",
    benchmark:
        "results/benchmarks/attribute_subregion/{subregion}.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 4
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        code=code("attribute_subregion"),
        flow_smoothing_m=config["elevation"]["flow_smoothing_m"],
        headwall_distance_m=config["elevation"]["headwall_distance_m"],
        insolation=config["insolation"],
        at_markers=AT_MARKERS,
        glaciers=config["glaciers"],
    script:
        "../workflow_scripts/attribute_subregion.py"
