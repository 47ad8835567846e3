"""The data of examples 06 to 08: MNIST, or with --quick the small digits that come with the package."""

import argparse
from pathlib import Path

import tinynet as tn


def options_and_data(description):
    """The options of the command line, and (train, valid, test)."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--quick", action="store_true", help="a short run on the small digits, without MNIST")
    arguments.add_argument("--out", type=Path, default=Path("runs/examples"), help="the folder for pictures")
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    tn.seed(0)
    train, test = tn.data.digits() if options.quick else tn.data.mnist()
    train, valid = train.split(0.1)
    print(f"{len(train):,} digits to learn from, {len(test):,} to test with: {train.source}")
    return options, train, valid, test
