"""How far a model's numbers can be trusted, measured on simulated patients whose true probability is known."""
