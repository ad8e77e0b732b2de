"""The simulated patient: anatomy, tumour, scanner, identity, and the files they are written to."""
