"""The whole job on footage that mien makes itself: no network, no weights, no camera."""

from mien.demo.footage import make_footage
from mien.demo.run import DemoReport, run_demo

__all__ = ["DemoReport", "make_footage", "run_demo"]
