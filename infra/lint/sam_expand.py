"""Writes what CloudFormation will see of a SAM template, without AWS.

    sam_expand.py template.yaml expanded.json

cfn-lint checks a SAM template by its schema; circles, wrong attributes of generated resources and unknown runtimes
show only in what the transform makes of it.
"""

import json
import os
import sys

from samtranslator.parser.parser import Parser
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

# The transform asks for a region, and names none of its results by it.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
ARTEFACT = "s3://bucket/function.zip"


def main(source: str, target: str) -> int:
    with open(source, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    # What `sam package` would put there; the transform refuses a local path.
    template.get("Globals", {}).get("Function", {})["CodeUri"] = ARTEFACT
    translator = Translator({}, Parser())
    try:
        expanded = translator.translate(template, parameter_values={})
    except InvalidDocumentException as error:
        for cause in error.causes:
            print(f"{source}: {cause.message}", file=sys.stderr)
        return 1
    with open(target, "w", encoding="utf-8") as file:
        json.dump(expanded, file, indent=2, default=str)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
