"""The second step of a batch, for each of its slices: fetch, stage, put what was made where it belongs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from datamesh.contract.profile import Profile
from datamesh.errors import UnreadableInput
from datamesh.events import Reason
from datamesh.lake import layout
from datamesh.lake import table as lake
from datamesh.lake.evolution import field_ids
from datamesh.publish.manifest import ObjectRef
from datamesh.publish.opening import Opened, open_file
from datamesh.publish.plane import Plane
from datamesh.publish.results import SliceResult, StagedFile, save
from datamesh.publish.slices import slices
from datamesh.publish.sources import fetch
from datamesh.publish.stage import Engine, InputFile, Staged, count_rows, stage
from datamesh.publish.steps import Work, begin
from datamesh.publish.targets import targets
from datamesh.publish.validate import to_publish

__all__ = ["transform"]

_THREADS = 8
_SECONDS = 700  # of the function's 900: what is slower is refused, not tried again


def transform(plane: Plane, *, product: str, batch_id: str, attempt: int, slice_number: int) -> SliceResult:
    """Works on one slice; its result lies at `layout.slice_result_key`. May be repeated: the last result counts."""
    step = begin(plane, "transform_batch", product=product, batch_id=batch_id, attempt=attempt, slice=slice_number)
    with step as work, TemporaryDirectory() as directory:
        result = _work_on(work, slices(work.manifest.objects)[slice_number], slice_number, Path(directory))
        save(result, product, batch_id, s3=work.s3, bucket=work.bucket)
        work.step.detail |= {"rows_in": result.rows_in, "rows_good": result.rows_good, "rows_bad": result.rows_bad}
        return result


@dataclass(frozen=True)
class _Fetched:
    """A file of the slice; `wanted` when its rows are to be published, not superseded by a newer file."""

    place: int  # among the objects of the manifest
    opened: Opened
    wanted: bool


def _work_on(work: Work, objects: Sequence[ObjectRef], number: int, directory: Path) -> SliceResult:
    product = work.manifest.product
    empty = SliceResult(slice=number, attempt=work.attempt, profile=Profile(product=product))
    settings = work.plane.settings
    engine = Engine(settings.engine_memory_mb, settings.engine_threads, until=time.monotonic() + _SECONDS)
    try:
        files = _opened(work, objects, _made(directory / "in"), engine)
    except UnreadableInput:
        return empty.model_copy(update={"refused": (Reason(rule="object-deleted"),)})
    refused = tuple(reason for f in files if f.wanted for reason in f.opened.reasons)
    if refused:
        return empty.model_copy(update={"refused": refused})
    superseded = count_rows(_inputs(files, wanted=False), work=_made(directory / "count"), engine=engine)
    pointed_at, unasked = targets(work, _made(directory / "targets"), slices=len(slices(work.manifest.objects)))
    staged = stage(
        work.contract.table,
        _inputs(files, wanted=True),
        product=product,
        batch_id=work.manifest.batch_id,
        work=_made(directory / "work"),
        engine=engine,
        field_ids=field_ids(lake.load(work.manifest.database, work.manifest.table), work.contract),
        targets=pointed_at,
    )
    if staged.unreadable:
        return empty.model_copy(update={"refused": (Reason(rule=staged.refused_for),)})
    notes = dict.fromkeys(note for f in files if f.wanted for note in f.opened.notes)
    known = {"rows_superseded": superseded + staged.rows_superseded, "notes": tuple(notes), "unasked": unasked}
    places = [f.place for f in files if f.wanted for _ in f.opened.parts]
    return _uploaded(work, staged, [places[i] for i in staged.places], empty.model_copy(update=known))


def _uploaded(work: Work, staged: Staged, places: Sequence[int], result: SliceResult) -> SliceResult:
    product, batch_id = work.manifest.product, work.manifest.batch_id
    # Two invocations may work on one slice at a time: what the one has told of, the other must not replace.
    name = f"slice-{result.slice:05d}-{secrets.token_hex(4)}"
    data = layout.staging_prefix(product, work.contract.version.major, batch_id, work.attempt)
    away = layout.quarantine_prefix(product, batch_id, work.attempt)
    good = {f"{data}/{name}-{i:05d}.parquet": path for i, path in enumerate(staged.files)}
    bad = {f"{away}/{name}-{i:05d}.parquet": path for i, path in enumerate(staged.quarantine)}
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda pair: work.s3.upload_file(str(pair[1]), work.bucket, pair[0]), (good | bad).items()))
    return result.model_copy(
        update={
            "rows_in": staged.rows_good + staged.rows_bad + result.rows_superseded,
            "rows_good": staged.rows_good,
            "rows_bad": staged.rows_bad,
            "hits": staged.hits,
            "files": tuple(
                _staged_file(f"s3://{work.bucket}/{key}", path, place)
                for (key, path), place in zip(good.items(), places, strict=True)
            ),
            "quarantine": tuple(bad),
            "profile": staged.profile or result.profile,
        }
    )


def _staged_file(uri: str, path: Path, place: int) -> StagedFile:
    return StagedFile(uri=uri, rows=pq.read_metadata(path).num_rows, size=path.stat().st_size, place=place)


def _opened(work: Work, objects: Sequence[ObjectRef], into: Path, engine: Engine) -> list[_Fetched]:
    """The objects on disk, fetched together and opened one after another, for that takes memory."""
    wanted = set(to_publish(work.manifest, work.contract.table))
    first = work.manifest.objects.index(objects[0])
    with ThreadPoolExecutor(_THREADS) as pool:
        fetched = list(pool.map(lambda pair: fetch(pair[1], into / str(pair[0]), s3=work.s3), enumerate(objects)))
    found = []
    for place, (ref, file) in enumerate(zip(objects, fetched, strict=True), start=first):
        opened = open_file(file, work.contract.table, into / f"{file.path.name}-opened", engine=engine)
        if file.path not in {part.path for part in opened.parts}:
            file.path.unlink()
        found.append(_Fetched(place, opened, ref in wanted))
    return found


def _inputs(files: Sequence[_Fetched], *, wanted: bool) -> list[InputFile]:
    return [part for f in files if f.wanted == wanted for part in f.opened.parts]


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory
