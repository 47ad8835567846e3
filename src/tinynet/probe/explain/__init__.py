"""Why a number of a training step is what it is."""
