"""`python -m edge` is the command `lipwire`."""

import sys

from edge.cli import main

sys.exit(main())
