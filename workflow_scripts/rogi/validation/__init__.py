"""Independent validation: samples with known chances, reviewers' answers, and estimates with intervals."""
