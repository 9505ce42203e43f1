"""Subregions to one published inventory, its record and its map."""


rule merge_inventory:
    """Every rock glacier exactly once, on subregion borders too."""
    input:
        parts=of_all("rock_glaciers.gpkg"),
        subregions="results/inputs/subregions.gpkg",
        previous=optional(config["publication"]["previous"]),
    output:
        merged="results/inventory/merged.gpkg",
        merge_report="results/inventory/merge_report.csv",
    log:
        "results/logs/merge_inventory.log",
    benchmark:
        "results/benchmarks/merge_inventory.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=30,
    params:
        code=code("merge_inventory"),
        duplicate_iou=config["merging"]["duplicate_iou"],
        match_iou=config["publication"]["match_iou"],
    script:
        "../workflow_scripts/merge_inventory.py"


rule check_inventory:
    """What an inventory must be before it is published, checked."""
    input:
        merged="results/inventory/validated.gpkg",
        subregions="results/inputs/subregions.gpkg",
        candidates=of_all("candidates.gpkg"),
    output:
        checks="results/inventory/checks.csv",
    log:
        "results/logs/check_inventory.log",
    benchmark:
        "results/benchmarks/check_inventory.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("check_inventory"),
        conflict_share=config["glaciers"]["conflict_share"],
    script:
        "../workflow_scripts/check_inventory.py"


rule package_inventory:
    """The files to be published, written only when every check has passed."""
    input:
        merged="results/inventory/validated.gpkg",
        checks="results/inventory/checks.csv",
        subregions="results/inputs/subregions.gpkg",
        accuracy="results/inventory/accuracy.csv",
    output:
        inventory="results/inventory/package/TPRoGI.gpkg",
        footprint=shapefile("results/inventory/package/TPRoGI_Extended_Footprint"),
        marker=shapefile("results/inventory/package/TPRoGI_Primary_Marker"),
        dictionary="results/inventory/package/TPRoGI.columns.csv",
        checks_copy="results/inventory/package/TPRoGI.checks.csv",
        accuracy_copy="results/inventory/package/TPRoGI.accuracy.csv",
    log:
        "results/logs/package_inventory.log",
    benchmark:
        "results/benchmarks/package_inventory.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("package_inventory"),
    script:
        "../workflow_scripts/package_inventory.py"


rule publish_inventory:
    """The finished package, put where readers look for it. Until then an older inventory stays."""
    input:
        package=rules.package_inventory.output,
        # Without these, a package that could not be made anew would go unnoticed while an older inventory is there.
        sources=rules.package_inventory.input,
    output:
        published=[path.replace("inventory/package/", "") for path in rules.package_inventory.output],
    log:
        "results/logs/publish_inventory.log",
    benchmark:
        "results/benchmarks/publish_inventory.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("publish_inventory") + code("package_inventory"),
    script:
        "../workflow_scripts/publish_inventory.py"


rule draw_overview:
    """Map of imagery, candidates and reviewed outlines."""
    input:
        indexes=INDEXES,
        subregions="results/inputs/subregions.gpkg",
        candidates=of_all("candidates.gpkg"),
        inventory="results/TPRoGI.gpkg",
    output:
        figure="results/figures/overview.png",
    log:
        "results/logs/draw_overview.log",
    benchmark:
        "results/benchmarks/draw_overview.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        **IMAGERY,
        code=code("draw_overview"),
    script:
        "../workflow_scripts/draw_overview.py"


rule record_run:
    """Config, versions, git state and checksums behind the inventory. Nothing depends on it, because it holds the date."""
    input:
        inventory="results/TPRoGI.gpkg",
        inputs=small_inputs(),
        imagery=imagery_files(),
    output:
        record="results/run_record.json",
    log:
        "results/logs/record_run.log",
    benchmark:
        "results/benchmarks/record_run.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 4
    resources:
        mem_mb=4000,
        runtime=480,
    params:
        code=code("record_run"),
        config=config,
        checksum_imagery=config["record"]["checksum_imagery"],
    script:
        "../workflow_scripts/record_run.py"
