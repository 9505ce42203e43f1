"""Rock-glacier inventory: from satellite imagery to a reviewed, attributed, published inventory."""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


include: "rules/common.smk"


wildcard_constraints:
    subregion="[a-z0-9_]+",
    mosaic="[a-z0-9_]+",
    quantity="maat|ap",


resource_scopes:
    gpu="local",


require(config)


rule all:
    """The inventory, its run record and its overview map."""
    input:
        "results/TPRoGI.gpkg",
        "results/run_record.json",
        "results/figures/overview.png",


include: "rules/demo.smk"
include: "rules/training.smk"
include: "rules/mapping.smk"
include: "rules/review.smk"
include: "rules/attributes.smk"
include: "rules/publication.smk"
