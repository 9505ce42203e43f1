"""The published inventory for others: in the form of the RGIK community, and compared with the version before."""


rule export_rgik:
    """Layers and fields of the rock glacier inventories of RGIK and ESA CCI."""
    input:
        inventory="results/TPRoGI.gpkg",
        moving_areas=optional(config["rgik"]["moving_areas"]),
        restricted=optional(config["rgik"]["restricted"]),
    output:
        rgik="results/rgik/TPRoGI_RGIK.gpkg",
    log:
        "results/logs/export_rgik.log",
    benchmark:
        "results/benchmarks/export_rgik.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("export_rgik"),
        # As a function, or Snakemake would take {layer} for a wildcard.
        layer_name=lambda wildcards: config["rgik"]["layer_name"],
        touching_m=config["rgik"]["touching_m"],
    script:
        "../workflow_scripts/export_rgik.py"


rule validate_rgik:
    """What is wrong in the export, feature by feature; errors stop the run."""
    input:
        rgik="results/rgik/TPRoGI_RGIK.gpkg",
    output:
        validation="results/rgik/validation.csv",
    log:
        "results/logs/validate_rgik.log",
    benchmark:
        "results/benchmarks/validate_rgik.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("validate_rgik"),
    script:
        "../workflow_scripts/validate_rgik.py"


rule diff_inventory:
    """What changed since the version before: added, removed, reshaped, split, merged."""
    input:
        previous=previous_version,
        inventory="results/TPRoGI.gpkg",
    output:
        diff="results/TPRoGI.diff.gpkg",
    log:
        "results/logs/diff_inventory.log",
    benchmark:
        "results/benchmarks/diff_inventory.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("diff_inventory"),
        linked_share=config["publication"]["linked_share"],
        unchanged_iou=config["publication"]["unchanged_iou"],
    script:
        "../workflow_scripts/diff_inventory.py"
