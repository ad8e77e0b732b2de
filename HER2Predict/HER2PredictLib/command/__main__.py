"""``python -m HER2PredictLib.command`` is ``her2predict``."""

import sys

from .main import main

sys.exit(main())
