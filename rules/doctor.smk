"""The inputs doctor: what is missing or wrong, before anything expensive runs."""

import json
import time


rule examine_inputs:
    """Report on every input of the study, and an estimate of what a run takes; always made anew."""
    input:
        PRODUCED,
    output:
        html=DOCTOR[0],
        json=DOCTOR[1],
    log:
        "results/logs/examine_inputs.log",
    benchmark:
        "results/benchmarks/examine_inputs.tsv"
    localrule: True
    conda:
        "../envs/geo.yaml"
    threads: 4
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("examine_inputs"),
        study=config,
        sources=load("resources/sources.yaml"),
        rates=load("resources/rates.yaml"),
        asked=time.time(),
    script:
        "../workflow_scripts/examine_inputs.py"


onsuccess:
    # A job that fails loses its output; this one succeeds, so that its report can be read, and the run fails.
    if set(DOCTOR) & set(workflow.dag_settings.targets or ()):
        failed = json.loads(Path(DOCTOR[1]).read_text(encoding="utf-8"))["counts"]["failed"]
        if failed:
            raise WorkflowError(f"{failed} checks of the inputs failed; see {DOCTOR[0]} or {DOCTOR[1]}")
