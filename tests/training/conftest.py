"""The programs in training/ are no package: they find one another because they lie in one directory."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "training"))
