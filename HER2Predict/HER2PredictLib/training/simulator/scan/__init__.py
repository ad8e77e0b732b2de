"""How a phantom becomes a CT: grid, acquisition, noise and blur."""
