"""Independent validation: what reviewers look at, and what their answers say of the inventory."""


rule sample_inventory:
    """Rock glaciers for independent reviewers, drawn with known chances."""
    input:
        merged="results/inventory/merged.gpkg",
    output:
        sample="results/validation/sample.gpkg",
    log:
        "results/logs/sample_inventory.log",
    benchmark:
        "results/benchmarks/sample_inventory.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("sample_inventory"),
        design=config["validation"]["sample"],
        seed=SEED_OF_ROUND,
    script:
        "../workflow_scripts/sample_inventory.py"


rule sample_terrain:
    """Empty ground to search for missed rock glaciers, drawn by model score and terrain."""
    input:
        merged="results/inventory/merged.gpkg",
        subregions="results/inputs/subregions.gpkg",
        probabilities=of_all("probability.tif"),
        dem=files(config["elevation"]["tiles"]),
    output:
        cells="results/validation/cells.gpkg",
    log:
        "results/logs/sample_terrain.log",
    benchmark:
        "results/benchmarks/sample_terrain.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=16000,
        runtime=480,
    params:
        code=code("sample_terrain"),
        design=config["validation"]["completeness"],
        seed=SEED_OF_ROUND,
    script:
        "../workflow_scripts/sample_terrain.py"


rule package_validation:
    """What one reviewer gets, without answers of others and without a mapper's name."""
    input:
        merged="results/inventory/merged.gpkg",
        sample=sample_to_package,
        cells="results/validation/cells.gpkg",
    output:
        package="results/validation/packages/{reviewer}.gpkg",
    log:
        "results/logs/package_validation/{reviewer}.log",
    benchmark:
        "results/benchmarks/package_validation/{reviewer}.tsv"
    wildcard_constraints:
        reviewer=r"\w+",
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("package_validation"),
        reviewer=lambda wildcards: REVIEWERS[wildcards.reviewer],
        folder=config["validation"]["folder"],
        seed=config["seed"],
    script:
        "../workflow_scripts/package_validation.py"


rule assess_validation:
    """Answers (Table 4 of Sun et al. 2024), agreement, precision and completeness, and what is left to settle."""
    input:
        merged="results/inventory/merged.gpkg",
        sample="results/validation/sample.gpkg",
        cells="results/validation/cells.gpkg",
        answers=answers_to_assess,
        sidecars=answer_sidecars,
    output:
        table4_csv="results/validation/table4.csv",
        agreement_csv="results/validation/agreement.csv",
        precision_csv="results/validation/precision.csv",
        completeness_csv="results/validation/completeness.csv",
        adjudication="results/validation/adjudication.gpkg",
        log_csv="results/validation/answers.csv",
    log:
        "results/logs/assess_validation.log",
    benchmark:
        "results/benchmarks/assess_validation.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        **PEOPLE,
        code=code("assess_validation"),
        min_area_m2=config["review"]["min_area_m2"],
        level=config["evaluation"]["confidence"],
        resamples=config["evaluation"]["bootstrap"]["samples"],
        folder=config["validation"]["folder"],
        seed=config["seed"],
    script:
        "../workflow_scripts/assess_validation.py"


rule record_validation:
    """The inventory with its reviewers and their doubts; as it was where nobody has validated yet."""
    input:
        merged="results/inventory/merged.gpkg",
        answers=answers,
        sidecars=answer_sidecars,
    output:
        validated="results/inventory/validated.gpkg",
    log:
        "results/logs/record_validation.log",
    benchmark:
        "results/benchmarks/record_validation.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        **PEOPLE,
        code=code("record_validation"),
    script:
        "../workflow_scripts/record_validation.py"
