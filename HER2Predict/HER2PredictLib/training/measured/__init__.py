"""What was measured: a study, an external validation, the tables of characteristics, a recalibration."""
