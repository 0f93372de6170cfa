"""Which command installs a package that is not there."""

import re
from importlib.metadata import requires

from clipkit.errors import MissingPackage

_DISTRIBUTIONS = {"PIL": "pillow", "open_clip": "open_clip_torch", "yaml": "pyyaml"}
"""Module → distribution, where the names differ."""


def missing_package(module: str) -> MissingPackage:
    """The error for a module that cannot be found, with the extra of clipkit that brings it, if one does.

    >>> print(missing_package("torch.nn"))
    torch is not installed
      -> pip install "clipkit[models]"
    """
    name = module.partition(".")[0]
    wanted = _DISTRIBUTIONS.get(name, name).lower().replace("_", "-")
    for text in requires("clipkit"):
        found = re.match(r"([\w.-]+).*\bextra == [\"'](\w+)[\"']", text)
        if found and found[1].lower().replace("_", "-") == wanted:
            return MissingPackage(f"{name} is not installed", f'pip install "clipkit[{found[2]}]"')
    return MissingPackage(f"{name} is not installed", f"pip install {wanted}")
