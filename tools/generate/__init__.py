"""Files that follow from the code. They are written by `python -m tools.generate` and compared by `--check`, so
that what people and clients read can never say something else than what runs."""

import sys

from tools.generate.sources import ROOT

# The functions find the package in their layer; a command started in the checkout has to be told where it is.
sys.path.append(str(ROOT / "layers" / "aftersales"))
