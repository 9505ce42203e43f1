"""Tables of the independent validation: answers, agreement, precision, completeness, and what is left to settle."""

import logging

import pandas as pd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_table
from workflow_scripts.rogi.packages.geopackage import write_package
from workflow_scripts.rogi.validation import cells as terrain
from workflow_scripts.rogi.validation.answers import read_answers, table
from workflow_scripts.rogi.validation.assessment import Assessment, Drawn, assess, open_questions
from workflow_scripts.rogi.validation.completeness import completeness, finds
from workflow_scripts.rogi.validation.consensus import opinions
from workflow_scripts.rogi.validation.matching import fingerprint
from workflow_scripts.rogi.validation.packages import facts, package_layers
from workflow_scripts.rogi.validation.precision import precision, table4
from workflow_scripts.rogi.validation.raters import agreement
from workflow_scripts.rogi.validation.sample import LAYER


def main(
    merged: str, sample: str, cells: str, answers: list[str], sidecars: list[str],
    table4_csv: str, agreement_csv: str, precision_csv: str, completeness_csv: str, adjudication: str, log_csv: str,
    reviewers: list[str], adjudicator: str, min_area_m2: float, level: float, resamples: int, folder: str, seed: int,
) -> None:  # fmt: skip
    """Write all tables; without answers they are empty.

    Args:
        merged: GeoPackage with the layer `rock_glaciers`.
        sample: GeoPackage with the layer `sample`.
        cells: GeoPackage with the layer `cells`.
        answers: Files of reviewers and of the adjudicator, in any order.
        sidecars: Files beside shapefiles, for Snakemake to watch.
        table4_csv: CSV to write; see `precision.table4`.
        agreement_csv: CSV to write; see `raters.agreement`.
        precision_csv: CSV to write; see `precision.precision`.
        completeness_csv: CSV to write; see `completeness.completeness`.
        adjudication: Package to write; what reviewers differ on and nobody has settled.
        log_csv: CSV to write; what became of every row.
        reviewers: Names of the reviewers.
        adjudicator: Who decides where they differ.
        min_area_m2: Of a rock glacier in the inventory.
        level: Of the intervals.
        resamples: Of the bootstrap.
        folder: Where answers come back, for the package's notice.
        seed: The study's seed.
    """
    del sidecars
    names = [*reviewers, adjudicator]
    drawn = Drawn(*(read_vector(*of) for of in ((merged, "rock_glaciers"), (sample, LAYER), (cells, terrain.LAYER))))
    said = assess(read_answers(answers, names), drawn, names, min_area_m2)
    by_reviewer, by_id = opinions(said.answers, adjudicator), drawn.sample.set_index("ID")
    right = precision(by_reviewer, by_id, drawn.inventory, level)
    found = finds(said.found, drawn.cells, reviewers, adjudicator)
    on_cells = table(said.found, "answer", drawn.cells["cell_id"], reviewers)
    agreed = [agreement("rock glaciers", said.answers[reviewers], level, resamples, seed),
              agreement("cells", on_cells, level, resamples, seed)]  # fmt: skip
    write_table(table4_csv, table4(by_reviewer, by_id, level))
    write_table(agreement_csv, pd.concat(agreed, ignore_index=True))
    write_table(precision_csv, right)
    write_table(completeness_csv, completeness(found, drawn.cells, right, drawn.inventory, level))
    write_table(log_csv, said.log)
    told = facts(adjudicator, fingerprint(drawn.inventory), folder)
    questions = open_questions(said, drawn, names)
    write_package(adjudication, package_layers(*questions, drawn.inventory, told, seed))
    _log(said, len(answers), len(questions[0]), len(questions[1]))


def _log(said: Assessment, files: int, markers: int, cells: int) -> None:
    logging.getLogger("rogi").info(
        "%d files; answers on %d of %d rock glaciers and %d cells, %d missed rock glaciers drawn; still open: "
        "%d and %d; what became of the rows: %s",
        *(files, said.answers.notna().any(axis=1).sum(), len(said.answers), said.found["item"].nunique()),
        *(len(said.outlines), markers, cells),
        ", ".join(f"{count} {name}" for name, count in said.log["outcome"].value_counts().items()) or "none",
    )


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
