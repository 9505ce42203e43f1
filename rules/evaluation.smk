"""How good the inventory is: accuracy, boundaries, and how it stands beside others."""


rule evaluate_model:
    """Accuracy per subregion and in total, by area and by object (Table 3 of Sun et al. 2024), with intervals."""
    input:
        candidates=of_all("candidates.gpkg"),
        reviewed=of_all("reviewed.gpkg"),
        references=reference_files(),
        subregions="results/inputs/subregions.gpkg",
    output:
        accuracy="results/inventory/accuracy.csv",
    log:
        "results/logs/evaluate_model.log",
    benchmark:
        "results/benchmarks/evaluate_model.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        code=code("evaluate_model"),
        entries=config["evaluation"]["references"],
        object_iou=config["evaluation"]["object_iou"],
        confidence=config["evaluation"]["confidence"],
        bootstrap=config["evaluation"]["bootstrap"],
        seed=config["seed"],
    script:
        "../workflow_scripts/evaluate_model.py"


rule measure_boundaries:
    """Distance between matched outlines: front, sides and root zone."""
    input:
        candidates=of_all("candidates.gpkg"),
        reviewed=of_all("reviewed.gpkg"),
        references=reference_files(),
        subregions="results/inputs/subregions.gpkg",
        dem=files(config["elevation"]["tiles"]),
    output:
        boundaries="results/inventory/boundaries.csv",
    log:
        "results/logs/measure_boundaries.log",
    benchmark:
        "results/benchmarks/measure_boundaries.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        code=code("measure_boundaries"),
        entries=config["evaluation"]["references"],
        object_iou=config["evaluation"]["object_iou"],
        step_m=config["evaluation"]["boundary_step_m"],
    script:
        "../workflow_scripts/measure_boundaries.py"


rule compare_inventories:
    """The inventory beside others, on the ground that those mapped (Table 5 of Sun et al. 2024)."""
    input:
        merged="results/inventory/merged.gpkg",
        references=reference_files(),
        subregions="results/inputs/subregions.gpkg",
    output:
        comparison="results/inventory/comparison.csv",
        outlines="results/inventory/comparison.gpkg",
    log:
        "results/logs/compare_inventories.log",
    benchmark:
        "results/benchmarks/compare_inventories.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        code=code("compare_inventories"),
        entries=config["evaluation"]["references"],
        object_iou=config["evaluation"]["object_iou"],
        hull=config["evaluation"]["footprint_hull"],
    script:
        "../workflow_scripts/compare_inventories.py"


rule recapture_inventories:
    """How many rock glaciers there are, from how many several lists share."""
    input:
        candidates=of_all("candidates.gpkg"),
        reviewed=of_all("reviewed.gpkg"),
        references=reference_files(),
        subregions="results/inputs/subregions.gpkg",
    output:
        recapture="results/inventory/recapture.csv",
    log:
        "results/logs/recapture_inventories.log",
    benchmark:
        "results/benchmarks/recapture_inventories.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        code=code("recapture_inventories"),
        entries=config["evaluation"]["references"],
        confidence=config["evaluation"]["confidence"],
        hull=config["evaluation"]["footprint_hull"],
        match_iou=config["evaluation"]["recapture"]["match_iou"],
        criterion=config["evaluation"]["recapture"]["criterion"],
        least_shared=config["evaluation"]["recapture"]["least_shared"],
        trained_on=paths(config["inventories"]),
    script:
        "../workflow_scripts/recapture_inventories.py"
