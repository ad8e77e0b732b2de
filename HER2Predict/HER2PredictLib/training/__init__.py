"""Training: a cohort in, an evaluated model bundle out; and simulated cohorts to do it with."""
