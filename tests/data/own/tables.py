"""Tables that tests write: houses with their price, of which some cells are empty."""

import csv
from pathlib import Path

import numpy as np

TOWNS = {"Ulm": 0.0, "Köln": 60.0, "Bonn": 30.0}
HEADER = ["id", "name", "town", "rooms", "area", "currency", "nothing", "price", "kind"]


def rows_of_houses(n: int = 300, seed: int = 0) -> list[list[str]]:
    """Rows under HEADER: the price follows from the town and the area."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        town = str(rng.choice(list(TOWNS)))
        rooms = int(rng.integers(1, 8))
        area = round(rooms * 22 + rng.normal(0, 8), 1)
        price = round(1000 * (2.5 * area + TOWNS[town] + rng.normal(0, 4)))
        kind = "dear" if price > 260_000 else "cheap"
        told_area = "NA" if number % 9 == 0 else str(area)
        told_town = "" if number % 20 == 3 else town
        name = f"House {number} in a street"
        rows.append([str(number), name, told_town, str(rooms), told_area, "EUR", "", str(price), kind])
    return rows


def write_table(path: Path, rows: list[list[str]], header: list[str] = HEADER, separator: str = ",") -> Path:
    """Write a CSV file."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=separator).writerows([header, *rows])
    return path
