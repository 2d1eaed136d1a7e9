"""What setup.cfg cannot say: sql/ and dags/ lie at the top of a checkout, and inside the package in a wheel."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

#: Given at the top level; `porlake.dbt_project` knows both places.
DATA = ("sql", "dags")


class BuildWithData(build_py):
    """build_py, with the files of DATA below porlake/. An editable install reads them where they are."""

    def run(self) -> None:
        super().run()
        for source, target in self._data().items():
            self.mkpath(str(Path(target).parent))
            self.copy_file(source, target)

    def get_outputs(self, include_bytecode: int | bool = True) -> list[str]:
        return super().get_outputs(include_bytecode) + list(self._data().values())

    def get_source_files(self) -> list[str]:
        return super().get_source_files() + list(self._data())

    def _data(self) -> dict[str, str]:
        """Files by where they are, with their place in the wheel."""
        if self.editable_mode:
            return {}
        found = [path for name in DATA for path in sorted(Path(name).rglob("*")) if path.is_file()]
        return {
            str(path): str(Path(self.build_lib, "porlake", path))
            for path in found
            if "__pycache__" not in path.parts and not path.name.startswith(".")
        }


setup(cmdclass={"build_py": BuildWithData})
