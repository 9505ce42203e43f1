"""Imagery to candidates, subregion by subregion."""


rule prepare_subregions:
    """The subregions of the study, by name."""
    input:
        layers=boundary_paths(),
        sidecars=sidecars(boundary_paths()),
    output:
        subregions="results/inputs/subregions.gpkg",
    log:
        "results/logs/prepare_subregions.log",
    benchmark:
        "results/benchmarks/prepare_subregions.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("prepare_subregions"),
        name_fields=[layer["name_field"] for layer in config["subregions"]["layers"]],
        names=config["subregions"]["names"],
    script:
        "../workflow_scripts/prepare_subregions.py"


rule index_imagery:
    """Tile index of one mosaic, every quad checked."""
    input:
        quads=quads,
    output:
        index="results/imagery/{mosaic}.gpkg",
    log:
        "results/logs/index_imagery/{mosaic}.log",
    benchmark:
        "results/benchmarks/index_imagery/{mosaic}.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 4
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("index_imagery"),
        bands=config["imagery"]["bands"],
        nodata=config["imagery"]["nodata"],
    script:
        "../workflow_scripts/index_imagery.py"


rule predict_subregion:
    """Rock glacier probability of one subregion, blended from overlapping windows."""
    input:
        indexes=subregion_indexes,
        subregions="results/inputs/subregions.gpkg",
        models=trained_models,
        further_looks=files(config["prediction"]["further_looks"]),
        dem_files=CHANNEL_DEM,
        channel_files=CHANNEL_FILES,
    output:
        probability="results/subregions/{subregion}/probability.tif",
        source="results/subregions/{subregion}/imagery_source.tif",
        report="results/subregions/{subregion}/prediction.json",
    log:
        "results/logs/predict_subregion/{subregion}.log",
    benchmark:
        "results/benchmarks/predict_subregion/{subregion}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=720,
        gpu=gpus(config["prediction"]["device"]),
    params:
        **IMAGERY,
        code=code("predict_subregion"),
        subregion="{subregion}",
        clarity=clarity(config["prediction"]),
        channels=config["imagery"]["channels"],
        missing=config["imagery"]["missing_quads"],
        halo_m=config["subregions"]["halo_m"],
        prediction=config["prediction"],
        ledger="results/subregions/{subregion}/.prediction.ledger",
    script:
        "../workflow_scripts/predict_subregion.py"


rule vectorize_candidates:
    """Candidate polygons of one subregion, from its probability raster."""
    input:
        probability="results/subregions/{subregion}/probability.tif",
        source="results/subregions/{subregion}/imagery_source.tif",
        subregions="results/inputs/subregions.gpkg",
        dem=files(config["elevation"]["tiles"] if config["candidates"]["units"] != "none" else None),
    output:
        candidates="results/subregions/{subregion}/candidates.gpkg",
    log:
        "results/logs/vectorize_candidates/{subregion}.log",
    benchmark:
        "results/benchmarks/vectorize_candidates/{subregion}.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        code=code("vectorize_candidates"),
        subregion="{subregion}",
        mosaics=[mosaic["name"] for mosaic in config["imagery"]["mosaics"]],
        halo_m=config["subregions"]["halo_m"],
        rules=config["candidates"],
    script:
        "../workflow_scripts/vectorize_candidates.py"
