"""How a model is learnt: candidates, choice, calibration, threshold, the gate before a bundle, and the bundle."""
