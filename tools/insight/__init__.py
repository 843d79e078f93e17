"""What can be learned from feedback: commands over files of it, with nothing deployed.

python -m tools.insight polarity FEEDBACK [--write docs/polarity.md]
    python -m tools.insight themes FEEDBACK ORDERS
    python -m tools.insight export FOLDER --feedback FEEDBACK --orders ORDERS --cases EXPORTED [--with-text]
    python -m tools.insight schema --write docs/export-schema.md
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "layers" / "aftersales"))
