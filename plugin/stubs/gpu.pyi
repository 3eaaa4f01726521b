from typing import Any

shader: Any
texture: Any
