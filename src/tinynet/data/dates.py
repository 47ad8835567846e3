"""Made-up data: dates in words, to be written in the form of ISO 8601."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from tinynet.core import checks
from tinynet.data.dataset import Dataset
from tinynet.data.own.pair_file import PairPreparation
from tinynet.data.own.pair_lines import Pair
from tinynet.data.randomness import generator

MONTHS = ["January", "February", "March", "April", "May", "June"]
MONTHS += ["July", "August", "September", "October", "November", "December"]
FORMS = ("{day} {month} {year}", "{month} {day}, {year}", "{day} {month:.3} {year}", "{month:.3} {day}, {year}")
FIRST, N_DAYS = date(1900, 1, 1), 73_049  # the days from 1900 to 2099
VOCABULARY = "".join(sorted({*"0123456789 ,-", *"".join(MONTHS)}))
LENGTHS = (len("September 30, 2026") + 1, len("2026-09-30") + 1)


def dates(n_samples: int = 2000, rng: np.random.Generator | int | None = None) -> Dataset:
    """Dates in words, such as "March 5, 1998", to be written as "1998-03-05"; no date is there twice.

    A net that reads one text and writes another learns them, such as `models.seq2seq`. The characters are tokens:
    `classes` says what each stands for, and `PairPreparation` turns a text into tokens and back.

    Shapes:
        x: (n_samples, 19) and (n_samples, 11) int64, what is read, and what is written so far
        y: (n_samples, 11) int64, the next token, and 0 after the end

    Args:
        n_samples: How many dates, at most 73,049.
        rng: A generator or a seed; the package's shuffling stream if None.

    Raises:
        ValueError: The number is out of range.

    Example:
        >>> (source, written), y = dates(5, rng=0)[:1]
        >>> preparation = tn.data.PairPreparation("".join(dates(1).classes[3:]), lengths=(19, 11))
        >>> preparation.decode(source[0]), preparation.decode(y[0])
        ('May 22, 2027', '2027-05-22')
    """
    checks.integer("dates", "n_samples", n_samples, minimum=1, maximum=N_DAYS)
    rng = generator("dates", rng)
    days = [FIRST + timedelta(int(day)) for day in rng.choice(N_DAYS, n_samples, replace=False)]
    forms = rng.choice(FORMS, n_samples).tolist()
    rows = [
        Pair(form.format(day=day.day, month=MONTHS[day.month - 1], year=day.year), day.isoformat(), n)
        for n, (day, form) in enumerate(zip(days, forms, strict=True), 1)
    ]
    return PairPreparation(VOCABULARY, LENGTHS).encoded(rows)
