"""What is run from the Makefile, with the layer's code at hand; nothing here ships."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "layers" / "common"))
