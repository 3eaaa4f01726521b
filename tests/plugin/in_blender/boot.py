"""Start Blender as it starts for a user, then run a script. Called as: boot.py SCRIPT ARGS.

A script that fails ends the process at once: some Blenders hang in their own exit.
"""

from __future__ import annotations

import os
import runpy
import sys
import traceback

import bpy

bpy.ops.wm.read_userpref()
bpy.ops.wm.read_homefile(use_empty=True)
del sys.argv[0]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except BaseException:  # noqa: BLE001 - whatever it was, it is shown
    traceback.print_exc()
sys.stdout.flush()
sys.stderr.flush()
os._exit(1)
