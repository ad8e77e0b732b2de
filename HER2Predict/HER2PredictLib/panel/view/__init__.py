"""What the panel shows: widgets filled from the state, the gauge's marks, what is looked at."""
