"""python -m porlake"""

import sys

from porlake.cli import main

sys.exit(main())
