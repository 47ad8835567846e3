"""A transformer reads a string of digits and writes it backwards, or sorted, as the first token says.

After 2,000 steps it gets more than 99 of 100 new strings wholly right, in both tasks.
"""

import argparse

import numpy as np

import tinynet as tn
from tinynet.data import Dataset
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.models import seq2seq, transcribe
from tinynet.optimizers import AdamW, OneCycleLR

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--quick", action="store_true", help="fewer steps")
options = arguments.parse_args()
n_steps, batch_size, longest = 20 if options.quick else 2000, 64, 8
END, START, REVERSE, SORT = 10, 11, 12, 13  # tokens beside the digits


def strings(n):
    """Questions (task, digits, END, …), and answers (START, digits, END, …) of the same length."""
    digits = rng.integers(10, size=(n, longest))
    inside = np.arange(longest) < rng.integers(1, longest + 1, size=(n, 1))
    task, end = rng.choice([REVERSE, SORT], size=(n, 1)), np.full((n, 1), END)
    backwards = np.where(inside, digits, END)[:, ::-1]
    backwards = np.take_along_axis(backwards, np.argsort(backwards == END, axis=1, kind="stable"), axis=1)
    answer = np.where(task == REVERSE, backwards, np.sort(backwards, axis=1))  # END is above all digits
    question = np.concatenate([task, np.where(inside, digits, END), end], axis=1)
    return question, np.concatenate([np.full((n, 1), START), answer, end], axis=1)


tn.seed(0)
rng = np.random.default_rng(0)
question, answer = strings(n_steps * batch_size)
train = Dataset((question, answer[:, :-1]), answer[:, 1:])  # the tokens so far, and the next ones
net = seq2seq()
rule = AdamW(OneCycleLR(0.003, n_steps), clip_norm=1.0)
Learner(net, cross_entropy, rule, train, batch_size=batch_size).fit()

new, answer = strings(100 if options.quick else 2000)
unseen = ~np.isin(*(tokens @ 14 ** np.arange(longest + 2) for tokens in (new, question)))  # compared as whole numbers
new, answer = new[unseen], answer[unseen]
right = (transcribe(net, new, START, longest + 1) == answer[:, 1:]).all(axis=1)
for name, task in (("reversing", REVERSE), ("sorting", SORT)):
    chosen = new[:, 0] == task
    print(f"{name} {right[chosen].mean():.2%} of {chosen.sum()} new strings wholly right")
