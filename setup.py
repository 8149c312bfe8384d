"""What ``pyproject.toml`` cannot say: a wheel also holds ``data_manifests/`` and the pinned versions."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent


class BuildWithManifests(build_py):
    """Copies the published facts into the package; an editable install reads them from the checkout."""

    def run(self):
        super().run()
        if not self.editable_mode:
            package = Path(self.build_lib) / "merlib"
            shutil.copytree(HERE / "data_manifests", package / "data_manifests", dirs_exist_ok=True)
            shutil.copy(HERE / "constraints.txt", package)


setup(cmdclass={"build_py": BuildWithManifests})
