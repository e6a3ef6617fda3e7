"""docs/WAREHOUSE.md as data, read by the script that makes Datasette's metadata of it."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType

from .paths import ROOT


def script(name: str) -> ModuleType:
    """A script of the project, which has no ending, as a module."""
    loader = SourceFileLoader(name.replace("-", "_"), str(ROOT / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


METADATA = script("datasette-metadata")
DOCUMENT = METADATA.DOCUMENT
QUESTIONS = METADATA.questions(DOCUMENT.read_text())
VIEWS = METADATA.views(DOCUMENT.read_text())
