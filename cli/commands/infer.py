"""mesh contract infer"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli.frame import Frame
from cli.landing import readable
from datamesh.contract.draft import TableDraft, render
from datamesh.contract.rules.names import domain_problem, name_problem
from datamesh.errors import UserError

__all__ = ["infer"]


def infer(
    frame: Frame,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    domain: Annotated[str, typer.Option("--domain", help="The domain that the contracts are for.")] = "draft",
    product: Annotated[
        str | None, typer.Option("--product", help="The product's name; where left out, files are named for theirs.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="Write it there; of several products a directory with a file each."),
    ] = None,
) -> None:
    """Draft contracts from files: types, formats, keys, references; a comment says what is in doubt.

    Files with the same columns are one product. Nothing is sent anywhere.
    """
    _check_names(domain, product)
    for file in files:
        readable(file)
    from datamesh.publish import infer as drafts  # noqa: PLC0415 (the engine takes a second to import)

    with frame.screen.step(f"reading {len(files)} files"), tempfile.TemporaryDirectory() as work:
        found = drafts.infer(files, workdir=Path(work), product=product or "")
    if product and len(found) > 1:
        raise UserError(f"the files are of {len(found)} products", hint="leave --product out, or give one's files")
    texts = {f"{draft.product}.odcs.yaml": render(draft, domain=domain) for draft in found}
    written = _write(texts, out) if out else {}
    answer = [_told(draft, name, texts[name], written) for name, draft in zip(texts, found, strict=True)]
    said = [f"{each['product']}: {each['file']}" for each in answer] if out else ["---\n".join(texts.values()).rstrip()]
    frame.screen.result({"contracts": answer}, *said)


def _check_names(domain: str, product: str | None) -> None:
    for problem in (domain_problem(domain), name_problem(product) if product else None):
        if problem and problem.severity == "error":
            raise UserError(problem.message, hint=problem.fix)


def _told(draft: TableDraft, name: str, text: str, written: dict[str, Path]) -> dict[str, object]:
    at = {"file": str(written[name])} if name in written else {}
    return {"product": draft.product, "doubts": text.count("# doubt:"), **at, "text": text}


def _write(texts: dict[str, str], out: Path) -> dict[str, Path]:
    """Where each contract was written. Raises UserError rather than write over a file."""
    several = len(texts) > 1 or out.is_dir()
    places = {name: out / name if several else out for name in texts}
    for place in places.values():
        if place.exists():
            raise UserError(f"{place} is there already", hint="name another place, or take it away")
    for name, place in places.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(texts[name], encoding="utf-8")
    return places
