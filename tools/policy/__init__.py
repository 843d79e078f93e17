"""Policies before they are published: whether a document is right, and what it would have done.

    python -m tools.policy validate FILE        is it well-formed, sensible, and within the platform's leeway?
    python -m tools.policy record -o FILE       the decisions that a stack has recorded, as JSON lines
    python -m tools.policy replay [--from FILE]    decide each of them again; every difference is an error
    python -m tools.policy simulate DRAFT [--from FILE]    decide them under a draft; what would change?

Without `--from` the decisions are read from a stack: the local one, or with `--stack` one on AWS. How to write a
policy: docs/policy.md.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "layers" / "aftersales"))
