"""Writes the parameters of a deployment: those that samconfig.toml has for it, and over them those that are given here.

    parameters.py SECTION NAME=VALUE... > parameters.yaml

What `sam deploy` is given on its command line replaces the whole list in samconfig.toml. A file may hold that list as it
stands there, a text, a list or a table, however it is quoted, and sam reads it as it would have.
"""

import json
import sys
import tomllib


def main(section: str, given: list[str]) -> None:
    with open("samconfig.toml", "rb") as file:
        config = tomllib.load(file)
    there = config[section]["deploy"]["parameters"].get("parameter_overrides", [])
    over = dict(one.split("=", 1) for one in given)
    # sam knows files of YAML, of which JSON is a part.
    json.dump([there, over], sys.stdout)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
