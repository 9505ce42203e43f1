"""Inventories to a trained network."""


rule compile_inventories:
    """Training inventories and negatives brought together, with a table of what happened to every polygon."""
    input:
        indexes=INDEXES,
        inventory_files=paths(config["inventories"]),
        negative_files=paths(config["negatives"]) + ground_of_negatives(),
        review_files=REMOVALS,
        sidecars=sidecars(REMOVALS),
    output:
        inventory="results/training/inventory.gpkg",
        quality="results/training/inventory_quality.csv",
        summary="results/training/inventories.csv",
    log:
        "results/logs/compile_inventories.log",
    benchmark:
        "results/benchmarks/compile_inventories.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("compile_inventories"),
        inventories=config["inventories"],
        negatives=config["negatives"],
        min_area_m2=config["compile"]["min_area_m2"],
        duplicate_iou=config["compile"]["duplicate_iou"],
        duplicates=config["compile"]["duplicates"],
        draw=config["compile"]["negatives"],
        seed=config["seed"],
    script:
        "../workflow_scripts/compile_inventories.py"


rule cut_patches:
    """Patches of all polygons and all looks at them; which are for training is decided later."""
    input:
        inventory="results/training/inventory.gpkg",
        indexes=INDEXES,
        subregions=ground_of_patches(),
        further_looks=files(config["patches"]["further_looks"]),
        dem_files=CHANNEL_DEM,
        channel_files=CHANNEL_FILES,
    output:
        patches="results/training/patches.h5",
        footprints="results/training/patches.gpkg",
    log:
        "results/logs/cut_patches.log",
    benchmark:
        "results/benchmarks/cut_patches.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        **IMAGERY,
        code=code("cut_patches"),
        channels=config["imagery"]["channels"],
        settings=CUTTING,
        seed=config["seed"],
    script:
        "../workflow_scripts/cut_patches.py"


rule assess_labels:
    """Shifts between outlines and imagery, poor imagery, and differences between inventories and mappers."""
    input:
        inventory="results/training/inventory.gpkg",
        indexes=INDEXES,
    output:
        quality="results/training/label_quality.csv",
        shifts="results/training/inventory_shifts.csv",
        styles="results/training/mapper_styles.csv",
        tests="results/training/mapper_differences.csv",
    log:
        "results/logs/assess_labels.log",
    benchmark:
        "results/benchmarks/assess_labels.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        **IMAGERY,
        code=code("assess_labels"),
        rules=config["labels"] | {"snow_min_dn": config["patches"]["snow_min_dn"]},
        samples=config["evaluation"]["bootstrap"]["samples"],
        confidence=config["evaluation"]["confidence"],
        seed=config["seed"],
    script:
        "../workflow_scripts/assess_labels.py"


rule split_samples:
    """Who trains and who validates, in every split, with the proof that no validation pixel is trained on."""
    input:
        patches="results/training/patches.h5",
        footprints="results/training/patches.gpkg",
        subregions="results/inputs/subregions.gpkg",
    output:
        splits="results/training/splits.csv",
        audit="results/training/audit.csv",
        validation_ground="results/training/validation_ground.gpkg",
    log:
        "results/logs/split_samples.log",
    benchmark:
        "results/benchmarks/split_samples.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        code=code("split_samples"),
        rules=config["split"],
        seed=config["seed"],
    script:
        "../workflow_scripts/split_samples.py"


rule train_model:
    """The segmentation network, fitted; the weights of the best evaluation are kept."""
    input:
        patches="results/training/patches.h5",
        splits="results/training/splits.csv",
        encoder_weights=encoder_weights,
    output:
        network="results/training/network.pt",
        metrics="results/training/metrics.csv",
        figure="results/training/learning_curves.png",
        tensorboard=directory("results/training/tensorboard"),
    log:
        "results/logs/train_model.log",
    benchmark:
        "results/benchmarks/train_model.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 8
    resources:
        mem_mb=12000,
        runtime=1440,
        gpu=gpus(config["training"]["device"], config["training"]["gpus"]),
    params:
        code=code("train_model"),
        split="main",
        architecture=config["model"],
        channels=config["imagery"]["channels"],
        recipe=recipe(config["training"]),
        pace=pace,
        device=config["training"]["device"],
        gpus=config["training"]["gpus"],
    script:
        "../workflow_scripts/train_model.py"


rule calibrate_model:
    """The trained network with temperature and threshold from its validation patches, and how reliable it is."""
    input:
        network="results/training/network.pt",
        patches="results/training/patches.h5",
        splits="results/training/splits.csv",
    output:
        model="results/model/model.pt",
        bins="results/model/calibration.csv",
        thresholds="results/model/thresholds.csv",
        figure="results/model/reliability.png",
    log:
        "results/logs/calibrate_model.log",
    benchmark:
        "results/benchmarks/calibrate_model.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=120,
        gpu=gpus(config["training"]["device"]),
    params:
        code=code("calibrate_model"),
        split="main",
        channels=config["imagery"]["channels"],
        calibration=config["calibration"],
        samples=config["evaluation"]["bootstrap"]["samples"],
        confidence=config["evaluation"]["confidence"],
        seed=config["seed"],
        batch_size=config["training"]["batch_size"],
        device=config["training"]["device"],
    script:
        "../workflow_scripts/calibrate_model.py"


rule score_samples:
    """The network's scores polygon by polygon, and the polygons that a person should look at again."""
    input:
        model="results/model/model.pt",
        patches="results/training/patches.h5",
        footprints="results/training/patches.gpkg",
        splits="results/training/splits.csv",
        label_quality="results/training/label_quality.csv",
        indexes=INDEXES,
    output:
        samples="results/model/samples.csv",
        second_look="results/training/second_look.gpkg",
    log:
        "results/logs/score_samples.log",
    benchmark:
        "results/benchmarks/score_samples.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=240,
        gpu=gpus(config["training"]["device"]),
    params:
        code=code("score_samples"),
        split="main",
        channels=config["imagery"]["channels"],
        around_m=config["labels"]["around_m"],
        batch_size=config["training"]["batch_size"],
        device=config["training"]["device"],
    script:
        "../workflow_scripts/score_samples.py"


rule describe_model:
    """The model card, and outlines of the network beside those that people drew."""
    input:
        model="results/model/model.pt",
        scores="results/model/samples.csv",
        metrics="results/training/metrics.csv",
        inventories="results/training/inventories.csv",
        audit="results/training/audit.csv",
        splits="results/training/splits.csv",
        patches="results/training/patches.h5",
        footprints="results/training/patches.gpkg",
        curves="results/training/learning_curves.png",
        reliability="results/model/reliability.png",
    output:
        page="results/model/card.md",
        overlays="results/model/overlays.png",
    log:
        "results/logs/describe_model.log",
    benchmark:
        "results/benchmarks/describe_model.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("describe_model"),
        study=config["study"],
        channels=[channel["name"] for channel in config["imagery"]["channels"]],
        split=config["split"],
        samples=config["evaluation"]["bootstrap"]["samples"],
        confidence=config["evaluation"]["confidence"],
        seed=config["seed"],
    script:
        "../workflow_scripts/describe_model.py"
