"""The embedded demo world and its simulated review; absent from studies with inputs of their own."""

if DEMO:

    rule make_demo_world:
        """A synthetic mountain range in the formats of the real products, with a known truth."""
        output:
            quads_q3=DEMO["quads_q3"],
            quads_q4=DEMO["quads_q4"],
            dem_tiles=DEMO["dem_tiles"],
            fldas=DEMO["fldas"],
            imerg=DEMO["imerg"],
            magt=DEMO["magt"][0],
            glaciers=DEMO["glaciers"][0],
            debris=DEMO["debris"][0],
            subregions=DEMO["subregions"][0],
            inventory_a=DEMO["inventory_a"][0],
            inventory_b=DEMO["inventory_b"][0],
            negatives=DEMO["negatives"][0],
            survey=DEMO["survey"][0],
            survey_area=DEMO["survey_area"][0],
            truth=DEMO["truth"][0],
        log:
            "results/logs/make_demo_world.log",
        benchmark:
            "results/benchmarks/make_demo_world.tsv"
        conda:
            "../envs/geo.yaml"
        threads: 2
        resources:
            mem_mb=6000,
            runtime=30,
        params:
            code=code("make_demo_world"),
            seed=config["seed"],
            quads_x=config["demo"]["quads_x"],
            quads_y=config["demo"]["quads_y"],
            west_quad=config["demo"]["west_quad"],
            south_quad=config["demo"]["south_quad"],
            rock_glaciers=config["demo"]["rock_glaciers"],
            subregion_names=config["subregions"]["names"],
            inventory_years=config["climate"]["air_temperature"]["years"],
        script:
            "../workflow_scripts/make_demo_world.py"

    rule simulate_review:
        """Edits of two simulated mappers, made from the demo's known truth."""
        input:
            candidates="results/subregions/{subregion}/candidates.gpkg",
            truth=DEMO["truth"][0],
            subregions="results/inputs/subregions.gpkg",
        output:
            review_a="results/demo_review/{subregion}/simulated_a.gpkg",
            review_b="results/demo_review/{subregion}/simulated_b.gpkg",
        log:
            "results/logs/simulate_review/{subregion}.log",
        benchmark:
            "results/benchmarks/simulate_review/{subregion}.tsv"
        conda:
            "../envs/geo.yaml"
        threads: 1
        resources:
            mem_mb=4000,
            runtime=30,
        params:
            code=code("simulate_review"),
            subregion="{subregion}",
            seed=config["seed"],
            mappers=config["demo"]["simulated_mappers"],
            error_rate=config["demo"]["simulated_error_rate"],
            agreement=config["demo"]["simulated_agreement"],
            min_area_m2=config["review"]["min_area_m2"],
            block_m=config["review"]["block_m"],
            overlap_share=config["review"]["overlap_share"],
        script:
            "../workflow_scripts/simulate_review.py"

    rule simulate_validation:
        """Answers of the simulated reviewers and their adjudicator, made from the demo's known truth."""
        input:
            merged="results/inventory/merged.gpkg",
            sample="results/validation/sample.gpkg",
            cells="results/validation/cells.gpkg",
            truth=DEMO["truth"][0],
        output:
            answers=SIMULATED_ANSWERS,
        log:
            "results/logs/simulate_validation.log",
        benchmark:
            "results/benchmarks/simulate_validation.tsv"
        conda:
            "../envs/geo.yaml"
        threads: 1
        resources:
            mem_mb=4000,
            runtime=30,
        params:
            **PEOPLE,
            code=code("simulate_validation"),
            error_rate=config["demo"]["simulated_validation_error"],
            doubt_rate=config["demo"]["simulated_validation_doubt"],
            folder=config["validation"]["folder"],
            seed=config["seed"],
        script:
            "../workflow_scripts/simulate_validation.py"
