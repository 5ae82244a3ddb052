"""What the experiments share: one seed in, one line of JSON out."""

import argparse
import json
import sys

import keras


def main(description, experiments):
    """Run each `experiment(seed) -> {row: {column: number}}` and print all tables as JSON, on the last line."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(experiments))
    options = parser.parse_args()
    tables = {}
    for name, experiment in experiments.items():
        if options.only in (None, name):
            print(f"{name} …", file=sys.stderr, flush=True)
            keras.utils.set_random_seed(options.seed)
            tables[name] = experiment(options.seed)
            for row, columns in tables[name].items():
                numbers = "  ".join(f"{column} {value:.3f}" for column, value in columns.items())
                print(f"    {row:28} {numbers}", file=sys.stderr, flush=True)
    print(json.dumps({name: to_floats(table) for name, table in tables.items()}))


def to_floats(table):
    return {
        row: {column: float(value) for column, value in columns.items()} for row, columns in table.items()
    }
