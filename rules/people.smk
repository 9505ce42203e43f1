"""Helpers of the rules that people take part in: what they get, what they hand back, and the demo's simulated people."""

from workflow_scripts.rogi.config import file_name


def simulated_edits(wildcards):
    """Edits of the demo's simulated mappers."""
    return expand(
        "results/demo_review/{subregion}/simulated_{mapper}.gpkg",
        subregion=wildcards.subregion,
        mapper=["a", "b"] if DEMO else [],
    )


def edits(wildcards):
    """Files of people's edits in one subregion, else the demo's simulated ones; there may be none yet."""
    return study.review_files(config["review"]["folder"], wildcards.subregion) or simulated_edits(wildcards)


def edit_sidecars(wildcards):
    """Sidecars of the edits of one subregion."""
    return sidecars(edits(wildcards))


# Review files of which the removed polygons become negatives of the training.
REMOVALS = study.removal_files(config["compile"]["removed_by_review"])


MAPPERS = {file_name(name): name for name in config["review"]["mappers"]}


def candidates_to_package(wildcards):
    """Candidates of a subregion, for a known mapper, unless somebody has worked in the package to be made."""
    if wildcards.mapper not in MAPPERS:
        raise WorkflowError(unknown_name(wildcards.mapper, list(MAPPERS), "mapper"))
    if fault := study.edited_package(f"results/review/{wildcards.subregion}/{wildcards.mapper}.gpkg"):
        raise WorkflowError(fault)
    return f"results/subregions/{known(wildcards.subregion)}/candidates.gpkg"


def review_packages():
    """Package of every mapper in every subregion."""
    return expand("results/review/{subregion}/{mapper}.gpkg", subregion=SUBREGIONS, mapper=MAPPERS)


REVIEWERS = {file_name(name): name for name in config["validation"]["reviewers"]}
PEOPLE = {
    "reviewers": config["validation"]["reviewers"],
    "adjudicator": config["validation"]["adjudicator"],
}
SEED_OF_ROUND = f"{config['seed']}, round {config['validation']['round']}"
SIMULATED_ANSWERS = [
    f"results/demo_validation/{file_name(name)}.gpkg" for name in [*PEOPLE["reviewers"], PEOPLE["adjudicator"]]
]


def answers(wildcards):
    """Files with reviewers' answers, else the demo's simulated ones; there may be none yet."""
    return study.review_files(config["validation"]["folder"], ".") or (SIMULATED_ANSWERS if DEMO else [])


def answer_sidecars(wildcards):
    """Sidecars of the answers."""
    return sidecars(answers(wildcards))


def answers_to_assess(wildcards):
    """Answers, unless somebody has worked in the list for adjudication that is to be made anew."""
    if fault := study.answered_package("results/validation/adjudication.gpkg"):
        raise WorkflowError(fault)
    return answers(wildcards)


def sample_to_package(wildcards):
    """The sample, for a known reviewer, unless somebody has worked in the package to be made."""
    if wildcards.reviewer not in REVIEWERS:
        raise WorkflowError(unknown_name(wildcards.reviewer, list(REVIEWERS), "reviewer"))
    if fault := study.answered_package(f"results/validation/packages/{wildcards.reviewer}.gpkg"):
        raise WorkflowError(fault)
    return "results/validation/sample.gpkg"


def validation_products():
    """Packages and tables of the independent validation; the tables are empty before anybody has answered."""
    tables = ["table4.csv", "agreement.csv", "precision.csv", "completeness.csv", "adjudication.gpkg"]
    packages = expand("results/validation/packages/{reviewer}.gpkg", reviewer=REVIEWERS)
    return [*packages, *expand("results/validation/{table}", table=tables)]
