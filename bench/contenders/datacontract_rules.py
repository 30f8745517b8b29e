"""The same rules looked at by datacontract-cli, which writes nothing.  CONTRACT FILE WORK"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from datacontract.data_contract import DataContract
from ruamel.yaml import YAML

from bench.measure import report


def main(contract: str, name: str, work: str) -> None:
    yaml, copy = YAML(), Path(work) / "contract.yaml"
    document = yaml.load(Path(contract))
    document["servers"] = [{"server": "here", "type": "local", "path": name, "format": "csv", "delimiter": ","}]
    yaml.dump(document, copy)
    logging.disable(logging.WARNING)
    report(lambda: _test(str(copy)))


def _test(contract: str) -> None:
    run = DataContract(data_contract_file=contract).test()
    assert run.result == "passed", [(c.name, c.result, c.reason) for c in run.checks if c.result != "passed"]
    sys.stderr.write(f"{len(run.checks)} checks\n")


main(*sys.argv[1:])
