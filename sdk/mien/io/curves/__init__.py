"""Curve files: what faces do over a shot, to and from other programs.

A format is a value of its own (`CurveFormat`, one file each) that reads or writes a plain
`CurveFile`; the registry finds it by the ending of a file's name.
"""

from mien.io.curves.base import API_VERSION as API_VERSION
from mien.io.curves.base import CurveFormat as CurveFormat
from mien.io.curves.files import read_curve_file as read_curve_file
from mien.io.curves.files import write_curve_file as write_curve_file
from mien.io.curves.registry import curve_format_problems as curve_format_problems
from mien.io.curves.registry import curve_formats as curve_formats
from mien.io.curves.registry import format_for as format_for
from mien.io.curves.registry import register_curve_format as register_curve_format
