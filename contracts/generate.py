"""Generates contracts/gen from proto/ (`make gen`); the output is committed and checked for drift.

`python -m contracts.generate [TARGET]` writes to TARGET, by default contracts/gen.
"""

import re
import shutil
import sys
from importlib import resources
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
GEN = ROOT / "contracts" / "gen"
_IMPORT = re.compile(r"^(from|import) kairos\.", re.MULTILINE)
_QUALIFIED = re.compile(r"(?<![\w.\"'/])kairos\.(\w+)\.v1\.(\w+_pb2)")


def generate(target: Path) -> None:
    """Writes every message's module and stub below `target`, replacing what was there."""
    from grpc_tools import protoc

    shutil.rmtree(target / "kairos", ignore_errors=True)
    target.mkdir(parents=True, exist_ok=True)
    sources = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    well_known = str(resources.files("grpc_tools") / "_proto")
    arguments = [
        "protoc",
        f"-I{PROTO}",
        f"-I{well_known}",
        f"--python_out={target}",
        f"--pyi_out={target}",
        *sources,
    ]
    if protoc.main(arguments) != 0:
        raise SystemExit("protoc refused the sources in proto/, see above")
    for path in sorted(target.rglob("*_pb2.py*")):
        path.write_text(_rooted(path.read_text()))
    folders = {parent for path in target.rglob("*_pb2.py") for parent in path.parents}
    for folder in folders:
        if folder.is_relative_to(target) and folder != target:
            (folder / "__init__.py").write_text('"""Generated; see proto/."""\n')


def _rooted(source: str) -> str:
    """Generated modules import each other from the root `kairos`; ours live below contracts.gen."""
    source = _IMPORT.sub(r"\1 contracts.gen.kairos.", source)
    return _QUALIFIED.sub(r"contracts.gen.kairos.\1.v1.\2", source)


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else GEN)
