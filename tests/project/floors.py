"""The rooms of the package, from the top floor to the bottom; each may import those above it."""

FLOORS = [
    "core",
    "kernels",
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "net",
    "gradcheck",
    "data",
    "storage",
    "probe",
    "learner",
    "models",
    "visualize",
    "cli",
]
