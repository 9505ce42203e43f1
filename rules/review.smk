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
    script:
        "../workflow_scripts/apply_review.py"
