"""How PyIceberg writes the files of the lake: a small one, as nearly all of its metadata are, by one request.

PyArrow begins a multipart upload for each file that it opens, and so asks S3 three times where once would do. Told to
wait, it puts what is smaller than a part at once; an error of S3 then comes when the file is closed, not when it is
opened. PyIceberg 0.12 has no property for it.
"""

from __future__ import annotations

from pyarrow.fs import FileSystem
from pyiceberg.io.pyarrow import PyArrowFileIO

__all__ = ["NAME", "LakeFileIO"]


class LakeFileIO(PyArrowFileIO):
    """PyIceberg makes it for each table of a catalog whose property `py-io-impl` is NAME."""

    def _initialize_s3_fs(self, netloc: str | None) -> FileSystem:
        make, (options,) = super()._initialize_s3_fs(netloc).__reduce__()
        made: FileSystem = make(options | {"allow_delayed_open": True})
        return made


NAME = f"{LakeFileIO.__module__}.{LakeFileIO.__qualname__}"
