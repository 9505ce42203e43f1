"""Candidates to a reviewed inventory of each subregion."""


rule apply_review:
    """People's edits applied to the candidates of one subregion; without edits they pass as unreviewed."""
    input:
        candidates="results/subregions/{subregion}/candidates.gpkg",
        subregions="results/inputs/subregions.gpkg",
        edits=edits,
        sidecars=edit_sidecars,
    output:
        reviewed="results/subregions/{subregion}/reviewed.gpkg",
        log_table="results/subregions/{subregion}/review_log.csv",
        conflicts="results/subregions/{subregion}/conflicts.csv",
        second_look="results/subregions/{subregion}/second_look.gpkg",
    log:
        "results/logs/apply_review/{subregion}.log",
    benchmark:
        "results/benchmarks/apply_review/{subregion}.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("apply_review"),
        subregion="{subregion}",
        min_area_m2=config["review"]["min_area_m2"],
        mosaic_names=[mosaic["name"] for mosaic in config["imagery"]["mosaics"]],
        preferred=config["review"]["conflicts"],
        match_iou=config["review"]["match_iou"],
        conflict_iou=config["review"]["conflict_iou"],
        second_look_iou=config["review"]["second_look_iou"],
    script:
        "../workflow_scripts/apply_review.py"


rule review_imagery:
    """The imagery of one subregion as one virtual raster, for the QGIS projects of its review."""
    input:
        index="results/imagery/{mosaic}.gpkg",
        subregions="results/inputs/subregions.gpkg",
    output:
        raster="results/review/{subregion}/{mosaic}.vrt",
    log:
        "results/logs/review_imagery/{subregion}/{mosaic}.log",
    benchmark:
        "results/benchmarks/review_imagery/{subregion}/{mosaic}.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code("review_imagery"),
        subregion="{subregion}",
        halo_m=config["subregions"]["halo_m"],
        bands=config["imagery"]["bands"],
    script:
        "../workflow_scripts/review_imagery.py"


rule package_review:
    """What one mapper reviews of one subregion: a GeoPackage with forms, and a QGIS project."""
    input:
        candidates=candidates_to_package,
        subregions="results/inputs/subregions.gpkg",
        rasters=expand("results/review/{{subregion}}/{mosaic}.vrt", mosaic=MOSAICS),
        glacier_files=paths(config["glaciers"]["outlines"] + config["glaciers"]["debris"]),
        shortcuts="resources/qgis/review_keys.py",
    output:
        package="results/review/{subregion}/{mapper}.gpkg",
        project="results/review/{subregion}/{mapper}.qgz",
    log:
        "results/logs/package_review/{subregion}/{mapper}.log",
    benchmark:
        "results/benchmarks/package_review/{subregion}/{mapper}.tsv"
    wildcard_constraints:
        mapper=r"\w+",
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("package_review"),
        subregion="{subregion}",
        mapper=lambda wildcards: MAPPERS[wildcards.mapper],
        mappers=config["review"]["mappers"],
        mosaics=[mosaic["name"] for mosaic in config["imagery"]["mosaics"]],
        glaciers=config["glaciers"],
        block_m=config["review"]["block_m"],
        overlap_share=config["review"]["overlap_share"],
        folder=config["review"]["folder"],
        seed=config["seed"],
    script:
        "../workflow_scripts/package_review.py"


rule summarize_review:
    """What the review came to, per mapper and subregion, and what it changed."""
    input:
        candidates=of_all("candidates.gpkg"),
        reviewed=of_all("reviewed.gpkg"),
        logs=of_all("review_log.csv"),
        conflicts=of_all("conflicts.csv"),
        second_look=of_all("second_look.gpkg"),
        subregions="results/inputs/subregions.gpkg",
        accuracy="results/inventory/accuracy.csv",
    output:
        table="results/review/summary.csv",
        change_table="results/review/change.csv",
        summary_page="results/review/summary.html",
    log:
        "results/logs/summarize_review.log",
    benchmark:
        "results/benchmarks/summarize_review.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=60,
    params:
        code=code("summarize_review"),
        study=config["study"],
    script:
        "../workflow_scripts/summarize_review.py"
