from typing import Any, ClassVar

def __getattr__(name: str) -> Any: ...

class _Shown:
    bl_idname: ClassVar[str]
    bl_label: ClassVar[str]
    bl_description: ClassVar[str]
    bl_options: ClassVar[set[str]]
    layout: Any

class PropertyGroup: ...
class AddonPreferences(_Shown): ...

class Operator(_Shown):
    def report(self, type: set[str], message: str) -> None: ...

class Panel(_Shown):
    bl_space_type: ClassVar[str]
    bl_region_type: ClassVar[str]
    bl_category: ClassVar[str]

class UIList(_Shown): ...

Object: Any
Scene: Any
Sequence: Any
SpaceSequenceEditor: Any
