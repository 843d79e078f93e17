"""What can be learned from feedback: commands over files of it, with nothing deployed.

python -m tools.insight polarity FILE [--write docs/polarity.md]
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "layers" / "aftersales"))
