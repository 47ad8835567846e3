"""The data of examples 10 and 11: photographs of CIFAR-10, or with --quick a few pictures of noise."""

import argparse

import numpy as np

import tinynet as tn
from tinynet.data import Dataset, Normalize, RandomCrop, RandomFlip

NORMALIZE = Normalize(mean=[0.491, 0.482, 0.447], std=[0.247, 0.243, 0.262])  # of CIFAR-10's training images


def options_and_data(description):
    """The options of the command line, and (train, test): training images come shifted and mirrored at random."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--quick", action="store_true", help="a few steps on noise, without CIFAR-10")
    options = arguments.parse_args()
    tn.seed(0)
    train, test = (_noise(96), _noise(32)) if options.quick else tn.data.cifar10()
    print(f"{len(train):,} images to learn from, {len(test):,} to test with: {train.source or 'noise'}")
    augmented = train.with_transform([NORMALIZE, RandomCrop(32, padding=4), RandomFlip()])
    return options, augmented, test.with_transform(NORMALIZE)


def _noise(n):
    rng = np.random.default_rng(n)
    return Dataset(rng.random((n, 3, 32, 32), np.float32), rng.integers(10, size=n))
