"""What is planned: job counts of the studies, and which change reruns what."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.workflow.conftest import Checkout, Run

PER_SUBREGION = ("predict_subregion", "vectorize_candidates", "apply_review", "attribute_subregion")
TRAINING = ("compile_inventories", "cut_patches", "split_samples", "train_model", "calibrate_model")
ABOUT_TRAINING = ("assess_labels", "score_samples", "describe_model")
ONCE = (*TRAINING, "prepare_subregions", "merge_inventory",
        "record_validation", "check_inventory", "evaluate_model", "package_inventory", "publish_inventory")  # fmt: skip
OF_SIMULATED_REVIEWERS = ("sample_inventory", "sample_terrain", "simulate_validation")


def test_the_demo_plans_every_stage(checkout: Checkout) -> None:
    """Three subregions, two mosaics, two climate maps, and the demo rules with what simulated reviewers look at."""
    jobs = checkout.snakemake("-n", "results/TPRoGI.gpkg").jobs()
    expected = dict.fromkeys(ONCE, 1) | dict.fromkeys((*PER_SUBREGION, "simulate_review"), 3)
    expected |= dict.fromkeys(OF_SIMULATED_REVIEWERS, 1)
    assert jobs == expected | {"index_imagery": 2, "summarize_climate": 2, "make_demo_world": 1}


def test_one_subregion_by_name_plans_only_itself(checkout: Checkout) -> None:
    """Nothing of the other subregions, no review and no attributes."""
    jobs = checkout.snakemake("-n", "results/subregions/demo_range_east/candidates.gpkg").jobs()
    assert jobs["predict_subregion"] == jobs["vectorize_candidates"] == 1
    assert not {"apply_review", "attribute_subregion", "publish_inventory"} & set(jobs)


def test_the_slurm_profile_plans_the_same_jobs(checkout: Checkout) -> None:
    """The profile says where jobs run, not which."""
    plain = checkout.snakemake("-n", "results/TPRoGI.gpkg").jobs()
    assert checkout.snakemake("--profile", "slurm", "-n", "results/TPRoGI.gpkg").jobs() == plain


def test_a_finished_model_takes_the_place_of_the_training(checkout: Checkout) -> None:
    """Nothing is compiled, cut, trained, calibrated or described; the rest is as it was."""
    (checkout.folder / "finished.pt").touch()
    plain, given = (
        checkout.snakemake("-n", "all", *more).jobs() for more in ((), ("--config", 'model={"files": ["finished.pt"]}'))
    )
    training = {*TRAINING, *ABOUT_TRAINING}
    assert training <= set(plain)
    assert given == {rule: count for rule, count in plain.items() if rule not in training}


def stand_ins(folder: Path, config: dict) -> None:
    """Write an empty file for every input of the plateau study."""
    inputs = folder / "resources" / "inputs"
    text = yaml.safe_dump(config)
    names = {
        part.strip("'\" ") for line in text.splitlines() for part in [line.split(": ", 1)[-1]] if "{inputs}" in part
    }
    for name in names:
        for number in range(200 if "*" in name else 1):
            path = Path(name.replace("{inputs}", str(inputs)).replace("*", f"{number:04d}"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def test_the_plateau_is_planned_from_stand_ins(checkout: Checkout) -> None:
    """Fourteen subregions, no demo, no simulated edits."""
    study = checkout.folder / "resources/studies/tprogi.yaml"
    stand_ins(checkout.folder, yaml.safe_load(study.read_text()))
    jobs = checkout.snakemake("-n", "--configfile", str(study), "--", "results/TPRoGI.gpkg").jobs()
    expected = dict.fromkeys(ONCE, 1) | dict.fromkeys(PER_SUBREGION, 14)
    assert jobs == expected | {"index_imagery": 2, "summarize_climate": 2}


def test_the_plateau_without_inputs_says_what_is_missing_and_where_it_comes_from(checkout: Checkout) -> None:
    """At once, all inputs, with their sources and the way round."""
    run = checkout.snakemake("-n", "--configfile", "resources/studies/tprogi.yaml")
    assert run.code != 0
    for part in ("lacks 22 of its inputs", "global_quarterly_2021q4_mosaic/*.tif", "NASA Earthdata", "PANGAEA",
                 "french_alps.gpkg", "xception71.pth", "the embedded demo runs"):  # fmt: skip
        assert part in run.text


def test_an_ablation_trains_every_variant_on_every_fold(checkout: Checkout) -> None:
    """Three variants, an ensemble and two baselines on four folds of the demo, on patches that all of them share."""
    checkout.edit("config.yaml", "  folds_of: main\n", "  folds_of: cross_validation\n")
    checkout.edit("config.yaml", "  ensembles: []\n", "  ensembles: [{name: Both, of: [This study, U-Net]}]\n")
    jobs = checkout.snakemake("-n", "results/ablation/table.md").jobs()
    expected = {"train_trial": 12, "predict_trial": 16, "map_baseline": 8}
    expected |= dict.fromkeys(("vectorize_trial", "score_trial"), 24)
    expected |= {"prepare_fold": 4, "tabulate_ablation": 1, "make_demo_world": 1, "index_imagery": 2}
    assert jobs == expected | dict.fromkeys((*TRAINING[:3], "prepare_subregions"), 1)
    path = "results/ablation/{}/fold_2/{}"
    run = checkout.snakemake("-n", path.format("both", "probability.tif"))
    inputs = next(line for line in run.text.splitlines() if "input:" in line and "network.pt" in line)
    networks = [name.strip() for name in inputs.split(",") if name.endswith("network.pt")]
    assert networks == [path.format(name, "network.pt") for name in ("this_study", "u_net")]
    run = checkout.snakemake("-n", path.format("both", "network.pt"))
    assert run.code != 0
    assert "the ensemble both has no network of its own, but those of this_study, u_net" in run.text


def test_a_variant_called_like_a_baseline_stops_the_ablation(checkout: Checkout) -> None:
    """Before anything is planned for it."""
    checkout.edit("config.yaml", "{name: U-Net,", "{name: Everything,")
    run = checkout.snakemake("-n", "results/ablation/table.md")
    assert run.code != 0
    assert "variant 'Everything' of ablation.variants: a baseline that every ablation has is called so" in run.text


def test_a_variant_whose_further_looks_are_not_there_stops_the_ablation(checkout: Checkout) -> None:
    checkout.edit("config.yaml", "model: {architecture: Unet}, training: {}, prediction: {}}",
                  "model: {}, training: {}, prediction: {further_looks: nowhere/*.tif}}")  # fmt: skip
    run = checkout.snakemake("-n", "results/ablation/table.md")
    assert run.code != 0
    assert "nowhere/*.tif: no file matches prediction.further_looks of u_net in the ablation" in run.text


@dataclass(frozen=True)
class Part:
    """Some rules of a checkout, and empty files that Snakemake takes for what they made."""

    checkout: Checkout
    rules: tuple[str, ...]
    made: tuple[str, ...]

    @classmethod
    def of(cls, checkout: Checkout, rules: tuple[str, ...], read: tuple[str, ...], made: tuple[str, ...]) -> "Part":
        """Write what the rules read and made, folders where a name has no suffix, and let Snakemake record it."""
        for path in (checkout.folder / name for name in (*read, *made)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch() if path.suffix else path.mkdir()
        part = cls(checkout, rules, made)
        assert part.run("--touch", "--force").code == 0
        return part

    def run(self, *options: str) -> Run:
        """Let Snakemake look at these rules alone."""
        return self.checkout.snakemake("--allowed-rules", *self.rules, "--cores", "1", *options, "--", *self.made)


@pytest.fixture
def trainings(checkout: Checkout) -> Part:
    """The training of the study and one of its trials."""
    folders = ("results/training", "results/ablation/u_net/main")
    read = ("results/training/patches.h5", "results/training/splits.csv", "results/ablation/folds/main/split.csv")
    names = ("network.pt", "metrics.csv", "learning_curves.png", "tensorboard")
    made = tuple(f"{folder}/{name}" for folder in folders for name in names)
    return Part.of(checkout, ("train_model", "train_trial"), read, made)


def test_settings_on_which_no_weight_depends_train_nothing_again(trainings: Part) -> None:
    """Those that say how far ahead a training reads and how often it is kept; another rate trains again."""
    trainings.checkout.edit("config.yaml", "  workers: 1\n", "  workers: 7\n")
    trainings.checkout.edit("config.yaml", "  checkpoint_min: 10\n", "  checkpoint_min: 3\n")
    assert trainings.run("-n").jobs() == {}
    trainings.checkout.edit("config.yaml", "  learning_rate: 0.002\n", "  learning_rate: 0.003\n")
    assert trainings.run("-n").jobs() == {"train_model": 1, "train_trial": 1}


def test_a_training_has_the_seed_of_the_study_or_its_own(trainings: Part) -> None:
    """The same number changes nothing wherever it stands; a variant of an ablation may have another one."""
    trainings.checkout.edit("config.yaml", "  seed: null\n", "  seed: 20240\n")
    assert trainings.run("-n").jobs() == {}
    trainings.checkout.edit(
        "config.yaml", "{architecture: Unet}, training: {}", "{architecture: Unet}, training: {seed: 2}"
    )
    assert trainings.run("-n").jobs() == {"train_trial": 1}


def test_removals_of_a_review_compile_the_inventories_again(checkout: Checkout) -> None:
    """Once the config names their folder, and with every file that comes after."""
    names = ("inventory_a.shp", "inventory_b.gpkg", "negatives.gpkg")
    read = [f"results/demo_world/inventories/{name}" for name in names]
    read += [f"results/imagery/planet_basemap_2021_{quarter}.gpkg" for quarter in ("q3", "q4")]
    made = [f"results/training/{name}" for name in ("inventory.gpkg", "inventory_quality.csv", "inventories.csv")]
    part = Part.of(checkout, ("compile_inventories",), tuple(read), tuple(made))
    folder = checkout.folder / "reviewed" / "demo_basin"
    folder.mkdir(parents=True)
    (folder / "ann.geojson").touch()
    assert part.run("-n").jobs() == {}
    checkout.edit("config.yaml", "  removed_by_review: null\n", "  removed_by_review: reviewed\n")
    plan = part.run("-n")
    assert plan.jobs() == {"compile_inventories": 1}
    assert "reviewed/demo_basin/ann.geojson" in plan.text
    assert part.run("--touch", "--force").code == 0
    assert part.run("-n").jobs() == {}
    (folder / "bob.geojson").touch()
    assert part.run("-n").jobs() == {"compile_inventories": 1}


@contextmanager
def restored(checkout: Checkout, path: str) -> Iterator[None]:
    """Put a file back as it was, its time included."""
    file, kept = checkout.folder / path, checkout.folder / f"{path}.kept"
    shutil.copy2(file, kept)
    try:
        yield
    finally:
        shutil.move(kept, file)


def plan(checkout: Checkout) -> dict[str, int]:
    """Plan the small demo again."""
    run = checkout.snakemake("-n", "--configfile", "small.yaml", "--", "results/TPRoGI.gpkg")
    assert run.code == 0, run.text
    return run.jobs()


def test_a_second_run_has_nothing_to_do(finished: Checkout) -> None:
    """Neither the inventory nor the run record is made again."""
    run = finished.snakemake("--cores", "2", "--configfile", "small.yaml", "--", "all")
    assert run.code == 0
    assert "Nothing to be done" in run.text


def test_touching_the_code_reruns_nothing(finished: Checkout) -> None:
    """A fresh checkout has new times on every file; that is no reason to train again."""
    for path in finished.folder.glob("workflow_scripts/**/*.py"):
        path.touch()
    assert plan(finished) == {}


@pytest.mark.parametrize("text", ["# a remark\n", "\n\n"])
def test_a_comment_reruns_nothing(finished: Checkout, text: str) -> None:
    """The digest is over the syntax tree."""
    path = "workflow_scripts/rogi/training/loop.py"
    with restored(finished, path):
        with (finished.folder / path).open("a") as file:
            file.write(text)
        assert plan(finished) == {}


@pytest.mark.parametrize(
    ("module", "importers"),
    [
        ("rogi/inventory/checks.py", {"check_inventory"}),
        ("rogi/insolation/kernel.py", {"attribute_subregion"}),
        ("rogi/mapping/vectorize.py", {"vectorize_candidates"}),
    ],
)
def test_an_edit_in_a_module_reruns_the_rules_that_import_it(
    finished: Checkout, module: str, importers: set[str]
) -> None:
    """And what follows from them, but nothing upstream or beside them."""
    path = f"workflow_scripts/{module}"
    with restored(finished, path):
        with (finished.folder / path).open("a") as file:
            file.write("\nEDITED = True\n")
        run = finished.snakemake("-n", "--configfile", "small.yaml", "--", "results/TPRoGI.gpkg")
    changed = {block.split(":")[0] for block in run.text.split("\nrule ")[1:] if "Params have changed" in block}
    assert changed == importers
    assert not {"train_model", "predict_subregion", "make_demo_world"} & set(run.jobs())


def test_a_review_file_reruns_its_subregion_alone(finished: Checkout) -> None:
    """The mapper's file appears in resources/review; the other subregions keep their results."""
    folder = finished.folder / "resources/review/demo_range_west"
    folder.mkdir(parents=True)
    try:
        shutil.copy(
            next((finished.folder / "results/demo_review/demo_range_west").glob("*.gpkg")), folder / "mine.gpkg"
        )
        jobs = plan(finished)
    finally:
        shutil.rmtree(finished.folder / "resources/review")
    assert jobs["apply_review"] == jobs["attribute_subregion"] == 1
    assert not {"predict_subregion", "vectorize_candidates", "simulate_review"} & set(jobs)


def test_a_reviewers_file_reruns_the_record_and_what_follows(finished: Checkout) -> None:
    """It appears in resources/validation; nothing is mapped, merged or drawn again."""
    folder = finished.folder / "resources/validation"
    folder.mkdir(parents=True)
    try:
        shutil.copy(next((finished.folder / "results/demo_validation").glob("*.gpkg")), folder / "mine.gpkg")
        jobs = plan(finished)
    finally:
        shutil.rmtree(folder)
    assert jobs["record_validation"] == jobs["publish_inventory"] == 1
    assert not {"merge_inventory", "sample_inventory", "sample_terrain", "simulate_validation"} & set(jobs)


def test_an_unknown_reviewer_is_named_with_the_nearest(checkout: Checkout) -> None:
    """Names of packages are those of the config."""
    run = checkout.snakemake("-n", "results/validation/packages/reviewer_1_simulatd.gpkg")
    assert run.code != 0
    assert "unknown reviewer 'reviewer_1_simulatd'. Did you mean 'reviewer_1_simulated'?" in run.text


def test_an_unknown_subregion_is_named_with_its_nearest_neighbour(checkout: Checkout) -> None:
    """Instead of the usual "no rule to produce"."""
    run = checkout.snakemake("-n", "results/subregions/demo_range_wst/candidates.gpkg")
    assert run.code != 0
    assert "unknown subregion 'demo_range_wst'. Did you mean 'demo_range_west'?" in run.text


def test_a_typo_in_the_config_is_named_with_the_nearest_key(checkout: Checkout) -> None:
    """Before anything is planned."""
    checkout.edit("config.yaml", "  threshold: ", "  treshold: ")
    run = checkout.snakemake("-n")
    assert run.code != 0
    assert "unknown key 'candidates.treshold'; did you mean 'threshold'?" in run.text


def test_a_comparison_needs_the_version_before(checkout: Checkout) -> None:
    """The config says which it is; with it, the comparison is planned after the inventory."""
    run = checkout.snakemake("-n", "results/TPRoGI.diff.gpkg")
    assert run.code != 0
    assert "set publication.previous to a copy of its TPRoGI.gpkg, kept outside of results/" in run.text
    (checkout.folder / "published.gpkg").touch()
    named = ("--config", 'publication={"previous": "published.gpkg"}')
    jobs = checkout.snakemake("-n", "results/TPRoGI.diff.gpkg", *named).jobs()
    assert jobs["diff_inventory"] == jobs["publish_inventory"] == 1
