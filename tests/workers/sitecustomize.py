"""Renderers for tests, in every process that is started with this folder on PYTHONPATH.

Workers of a batch are processes of their own - spawned, started by Dask, or run by OpenJD - and
know only what an installation knows. Python imports this module when it starts.
"""

import os

if os.environ.get("MIEN_TEST_LOG"):
    from tests.workers.renderers import register

    register()
