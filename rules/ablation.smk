"""Variants of the network beside each other: trained on the same splits, scored on the ground that each left out."""


wildcard_constraints:
    variant="[a-z0-9_]+",
    fold="[a-z0-9_]+",
    baseline="|".join(map(slug, BASELINES)),


ruleorder: map_baseline > predict_trial


rule prepare_fold:
    """What one fold trains on, and the ground that it is scored on."""
    input:
        splits="results/training/splits.csv",
        validation_ground="results/training/validation_ground.gpkg",
    output:
        split="results/ablation/folds/{fold}/split.csv",
        ground="results/ablation/folds/{fold}/ground.gpkg",
    log:
        "results/logs/prepare_fold/{fold}.log",
    benchmark:
        "results/benchmarks/prepare_fold/{fold}.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("prepare_fold"),
        fold="{fold}",
    script:
        "../workflow_scripts/prepare_fold.py"


use rule train_model as train_trial with:
    input:
        patches="results/training/patches.h5",
        splits="results/ablation/folds/{fold}/split.csv",
        encoder_weights=trial_weights,
    output:
        network="results/ablation/{variant}/{fold}/network.pt",
        metrics="results/ablation/{variant}/{fold}/metrics.csv",
        figure="results/ablation/{variant}/{fold}/learning_curves.png",
        tensorboard=directory("results/ablation/{variant}/{fold}/tensorboard"),
    log:
        "results/logs/train_trial/{variant}/{fold}.log",
    benchmark:
        "results/benchmarks/train_trial/{variant}/{fold}.tsv"
    resources:
        mem_mb=12000,
        runtime=1440,
        gpu=trial_gpus("training"),
    params:
        split="{fold}",
        architecture=of_trial("model"),
        channels=of_trial("channels"),
        recipe=trial_recipe,
        pace=trial_pace,
        device=of_trial("training", "device"),
        gpus=of_trial("training", "gpus"),


use rule predict_subregion as predict_trial with:
    input:
        indexes=INDEXES,
        subregions="results/ablation/folds/{fold}/ground.gpkg",
        models=trial_networks,
        further_looks=trial_looks,
        dem_files=CHANNEL_DEM,
        channel_files=CHANNEL_FILES,
    output:
        probability="results/ablation/{variant}/{fold}/probability.tif",
        source="results/ablation/{variant}/{fold}/imagery_source.tif",
        report="results/ablation/{variant}/{fold}/prediction.json",
    log:
        "results/logs/predict_trial/{variant}/{fold}.log",
    benchmark:
        "results/benchmarks/predict_trial/{variant}/{fold}.tsv"
    resources:
        mem_mb=8000,
        runtime=720,
        gpu=trial_gpus("prediction"),
    params:
        subregion="{fold}",
        channels=of_trial("channels"),
        clarity=trial_clarity,
        prediction=of_trial("prediction"),
        ledger="results/ablation/{variant}/{fold}/.prediction.ledger",


rule map_baseline:
    """Map of one fold's ground that no network made, in the form of a network's."""
    input:
        indexes=INDEXES,
        ground="results/ablation/folds/{fold}/ground.gpkg",
    output:
        probability="results/ablation/{baseline}/{fold}/probability.tif",
        source="results/ablation/{baseline}/{fold}/imagery_source.tif",
    log:
        "results/logs/map_baseline/{baseline}/{fold}.log",
    benchmark:
        "results/benchmarks/map_baseline/{baseline}/{fold}.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        **IMAGERY,
        code=code("map_baseline"),
        baseline="{baseline}",
        fold="{fold}",
        halo_m=config["subregions"]["halo_m"],
    script:
        "../workflow_scripts/map_baseline.py"


use rule vectorize_candidates as vectorize_trial with:
    input:
        probability="results/ablation/{variant}/{fold}/probability.tif",
        source="results/ablation/{variant}/{fold}/imagery_source.tif",
        subregions="results/ablation/folds/{fold}/ground.gpkg",
        dem=files(config["elevation"]["tiles"] if config["candidates"]["units"] != "none" else None),
    output:
        candidates="results/ablation/{variant}/{fold}/candidates.gpkg",
    log:
        "results/logs/vectorize_trial/{variant}/{fold}.log",
    benchmark:
        "results/benchmarks/vectorize_trial/{variant}/{fold}.tsv"
    params:
        subregion="{fold}",
        rules=outlining,


rule score_trial:
    """Errors of one trial on the ground that it never saw, rock glacier by rock glacier."""
    input:
        probability="results/ablation/{variant}/{fold}/probability.tif",
        candidates="results/ablation/{variant}/{fold}/candidates.gpkg",
        inventory="results/training/inventory.gpkg",
        ground="results/ablation/folds/{fold}/ground.gpkg",
    output:
        scores="results/ablation/{variant}/{fold}/scores.csv",
        levels="results/ablation/{variant}/{fold}/levels.csv",
    log:
        "results/logs/score_trial/{variant}/{fold}.log",
    benchmark:
        "results/benchmarks/score_trial/{variant}/{fold}.tsv"
    conda:
        "../envs/geo.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("score_trial"),
        fold="{fold}",
        rules=config["candidates"],
        object_iou=config["evaluation"]["object_iou"],
    script:
        "../workflow_scripts/score_trial.py"


rule tabulate_ablation:
    """All variants, ensembles and baselines side by side, with intervals, and what each gains over the first."""
    input:
        scores=of_all_maps("results/ablation/{variant}/{fold}/scores.csv"),
        levels=of_all_maps("results/ablation/{variant}/{fold}/levels.csv"),
        networks=of_all_trainings("results/ablation/{variant}/{fold}/network.pt"),
        times=of_all_trainings("results/benchmarks/train_trial/{variant}/{fold}.tsv"),
    output:
        table="results/ablation/table.csv",
        page="results/ablation/table.md",
    log:
        "results/logs/tabulate_ablation.log",
    benchmark:
        "results/benchmarks/tabulate_ablation.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("tabulate_ablation"),
        variants=[variant["name"] for variant in config["ablation"]["variants"]],
        ensembles={entry["name"]: entry["of"] for entry in config["ablation"]["ensembles"]},
        baselines=BASELINES,
        folds=folds,
        method=config["split"]["method"],
        confidence=config["evaluation"]["confidence"],
        samples=config["evaluation"]["bootstrap"]["samples"],
        seed=config["seed"],
    script:
        "../workflow_scripts/tabulate_ablation.py"
