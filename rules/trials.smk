"""Helpers of the ablation: the settings of its trials, and what comes of all of them."""

from functools import cache, reduce
from operator import getitem

from workflow_scripts.rogi.trials.settings import BASELINES, fold_names, trial_settings


@cache
def trials():
    """Settings of all variants and ensembles, looked at when somebody asks for an ablation."""
    try:
        return trial_settings(config, load("rules/config.schema.yaml"), load)
    except ConfigError as error:
        raise WorkflowError(str(error)) from None


def of_trial(*keys):
    """Gives a section of the settings of a trial, one of its values, or its channels."""
    return lambda wildcards: reduce(getitem, keys, trials()[wildcards.variant])


def trial_gpus(section):
    """Gives the GPUs that a job of a trial asks for."""

    def asked(wildcards):
        settings = trials()[wildcards.variant][section]
        return gpus(settings["device"], settings.get("gpus", 1))

    return asked


def trial_recipe(wildcards):
    """Recipe of a trial, as `recipe` gives it of the study's training."""
    return recipe(trials()[wildcards.variant]["training"])


def trial_pace(wildcards, threads):
    """Pace of a trial, as `pace` is that of the study."""
    return {key: trials()[wildcards.variant]["training"][key] for key in PACE}


def trial_weights(wildcards):
    """Pretrained encoder weights of a trial, if it names a file; what trains nothing is refused here."""
    if (networks := trials()[wildcards.variant]["networks"]) != [wildcards.variant]:
        raise WorkflowError(
            f"the ensemble {wildcards.variant} has no network of its own, but those of {', '.join(networks)}"
        )
    return [path] if (path := trials()[wildcards.variant]["model"]["encoder_weights"]) else []


def trial_looks(wildcards):
    """Single images that a trial maps too."""
    pattern = trials()[wildcards.variant]["prediction"]["further_looks"]
    if pattern and not files(pattern):
        raise WorkflowError(
            f"{pattern}: no file matches prediction.further_looks of {wildcards.variant} in the ablation"
        )
    return files(pattern)


def trial_clarity(wildcards):
    """Which of them are good enough."""
    return clarity(trials()[wildcards.variant]["prediction"])


def trial_networks(wildcards):
    """Networks that make a map: that of a variant, or those of an ensemble."""
    path = "results/ablation/{network}/{fold}/network.pt"
    return expand(path, network=trials()[wildcards.variant]["networks"], fold=wildcards.fold)


def folds(wildcards):
    """Names of the folds."""
    try:
        return fold_names(config)
    except ConfigError as error:
        raise WorkflowError(str(error)) from None


def of_all_trainings(path):
    """Gives one product of every training, by variant and then by fold."""
    variants = [slug(variant["name"]) for variant in config["ablation"]["variants"]]
    return lambda wildcards: expand(path, variant=variants, fold=folds(wildcards))


def of_all_maps(path):
    """Gives one product of every variant, ensemble and baseline, by name and then by fold."""
    return lambda wildcards: expand(path, variant=[*trials(), *map(slug, BASELINES)], fold=folds(wildcards))


def outlining(wildcards):
    """How candidates of a trial are drawn; what a baseline maps is no system with units that flow."""
    whole = {"units": "none"} if wildcards.variant in map(slug, BASELINES) else {}
    return config["candidates"] | {"cut_objects": "keep"} | whole
