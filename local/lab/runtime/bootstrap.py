"""Start awslambdaric with Lambda's module search order: task, layers, runtime."""

import os
import sys

SITE_PACKAGES = "/var/lang/lib/python3.13/site-packages"

modules = [os.environ["LAMBDA_TASK_ROOT"]]
if "PYTHONPATH" in os.environ:
    sys.path.append(SITE_PACKAGES)
else:
    modules += ["/opt/python/lib/python3.13/site-packages", "/opt/python", SITE_PACKAGES]
    os.environ["PYTHONPATH"] = os.environ["LAMBDA_RUNTIME_DIR"]
sys.path[:] = modules + sys.path[1:]

from awslambdaric.__main__ import main  # type: ignore[import-not-found]  # by the search order above

main([os.environ["LAMBDA_TASK_ROOT"], os.environ["_HANDLER"]])
