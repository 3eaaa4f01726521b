# The little that the extension declares of Blender: what it derives from. The rest is untyped,
# as Blender makes it while it runs.
from typing import Any

from . import props as props
from . import types as types
from . import utils as utils

app: Any
context: Any
data: Any
ops: Any
path: Any
