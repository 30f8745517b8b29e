"""Takes out of a layer what no function uses: a function and its layers may weigh 262,144,000 bytes unzipped.

`python layers/engine/prune.py DIRECTORY`. A test works with what is left.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

UNUSED = (
    ".lock",
    "bin",  # console scripts
    "**/__pycache__",
    "**/*.pyi",
    # Arrow: what other languages compile against, its own tests, and Flight, a network service.
    # libarrow_substrait stays: `import pyarrow` fails without it.
    "pyarrow/include",
    "pyarrow/includes",
    "pyarrow/src",
    "pyarrow/tests",
    "pyarrow/*flight*",
    "pyarrow/*cpp_tests*",
    "pyarrow/*.px[di]",
    "pyarrow/*.pyx",
    # The wheel holds each of these three times; extension modules load the one with the short version.
    "pyarrow/libarrow_python*.so",
    "pyarrow/libarrow_python*.so.*.*.*",
    # Half of zstandard serves PyPy.
    "zstandard/_cffi*",
    # DuckDB for other programs than ours.
    "adbc_driver_duckdb",
    "_duckdb-stubs",
    "duckdb/experimental",
    # PyIceberg's Hive catalog and command line, and what Rich colours source and Markdown with.
    # Rich itself stays: PyIceberg draws a schema mismatch with it.
    "hive_metastore",
    "fb303",
    "pyiceberg/cli",
    "pygments",
    "markdown_it",
    "mdurl",
)


def prune(directory: Path) -> None:
    """Removes every match of UNUSED under `directory`, files and trees alike."""
    for pattern in UNUSED:
        for path in sorted(directory.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()


if __name__ == "__main__":
    prune(Path(sys.argv[1]))
