"""Inventories to a trained network."""


rule compile_inventories:
    """Training inventories and negatives brought together, with a table of what happened to every polygon."""
    input:
        indexes=INDEXES,
        inventory_files=paths(config["inventories"]),
        negative_files=paths(config["negatives"]),
    output:
        inventory="results/training/inventory.gpkg",
        quality="results/training/inventory_quality.csv",
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
    script:
        "../workflow_scripts/compile_inventories.py"


rule cut_patches:
    """Training and validation patches, cut round the polygons of the inventory."""
    input:
        inventory="results/training/inventory.gpkg",
        indexes=INDEXES,
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
        buffer_m=config["patches"]["buffer_m"],
        size_px=config["patches"]["size_px"],
        stride_px=config["patches"]["stride_px"],
        min_valid_share=config["patches"]["min_valid_share"],
        method=config["split"]["method"],
        validation_share=config["split"]["validation_share"],
        block_m=config["split"]["block_m"],
        seed=config["seed"],
    script:
        "../workflow_scripts/cut_patches.py"


rule train_model:
    """The segmentation network, fitted; the best epoch is kept."""
    input:
        patches="results/training/patches.h5",
        encoder_weights=encoder_weights,
    output:
        model="results/model/model.pt",
        metrics="results/training/metrics.csv",
        figure="results/training/learning_curves.png",
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
        gpu=gpus(config["training"]["device"]),
    params:
        code=code("train_model"),
        architecture=config["model"],
        recipe=RECIPE,
        device=config["training"]["device"],
    script:
        "../workflow_scripts/train_model.py"
