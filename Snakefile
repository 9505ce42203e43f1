"""Rock-glacier inventory: from satellite imagery to a reviewed, attributed, published inventory."""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/people.smk"
include: "rules/trials.smk"


wildcard_constraints:
    subregion="[a-z0-9_]+",
    mosaic="[a-z0-9_]+",
    quantity="maat|ap",


resource_scopes:
    gpu="local",


rule all:
    """The inventory, its record, map and tables, and the packages of mappers and reviewers."""
    input:
        everything(),


include: "rules/demo.smk"
include: "rules/doctor.smk"
include: "rules/training.smk"
include: "rules/mapping.smk"
include: "rules/ablation.smk"
include: "rules/review.smk"
include: "rules/attributes.smk"
include: "rules/evaluation.smk"
include: "rules/validation.smk"
include: "rules/publication.smk"
include: "rules/rgik.smk"
