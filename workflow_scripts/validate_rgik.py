"""The check of the RGIK export, feature by feature."""

import logging

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import write_table
from workflow_scripts.rogi.rgik.validate import as_text, validate


def main(rgik: str, validation: str) -> None:
    """Check the export, and stop on errors.

    Args:
        rgik: The file to check.
        validation: CSV to write; one row per finding, warnings alone, since errors leave no product.

    Raises:
        ValueError: The export holds errors; they are listed.
    """
    findings = validate(rgik)
    errors = findings[findings["severity"] == "error"]
    if len(errors):
        raise ValueError(f"{rgik} does not hold to its own form, which should not be:\n{as_text(errors)}")
    write_table(validation, findings)
    logging.getLogger("rogi").info("%s: no errors, %d warnings", rgik, len(findings))


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
