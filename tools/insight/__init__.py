"""What can be learned from feedback: commands over files of it, with nothing deployed.

python -m tools.insight polarity FEEDBACK [--write docs/polarity.md]
    python -m tools.insight themes FEEDBACK ORDERS
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "layers" / "aftersales"))
