"""Write constraints.txt and its mirror in pyproject.toml from two tested environments.

Usage: python .ci/constraints.py ENV_OF_PYTHON_3.11 ENV_OF_A_LATER_PYTHON
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLD, NEW = "python_version < '3.12'", "python_version >= '3.12'"
HEAD = "# Tested versions of every package, names and versions only; made by .ci/constraints.py.\n"


def installed(environment: str) -> dict[str, str]:
    """Return name -> version of the packages in a virtual environment, without terrax itself."""
    listed = subprocess.run(
        ["uv", "pip", "list", "--format", "json", "--python", environment],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = {re.sub(r"[-_.]+", "-", item["name"]).lower(): item["version"] for item in json.loads(listed)}
    found.pop("terrax", None)
    for tool in ("pip", "setuptools", "wheel"):
        found.pop(tool, None)
    return found


def constraints(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Return one line per package, or two where the environments differ."""
    lines = []
    for name in sorted({*old, *new}):
        if old.get(name) == new.get(name):
            lines.append(f"{name}=={old[name]}")
            continue
        for versions, marker in ((old, OLD), (new, NEW)):
            if name in versions:
                lines.append(f"{name}=={versions[name]} ; {marker}")
    return lines


def mirror(text: str, lines: list[str]) -> str:
    """Return pyproject.toml with the constraints in ``[tool.uv]``."""
    block = "constraint-dependencies = [\n" + "".join(f'    "{line}",\n' for line in lines) + "]\n"
    if "constraint-dependencies" in text:
        return re.sub(r"constraint-dependencies = \[\n.*?\n\]\n", lambda _: block, text, flags=re.DOTALL)
    return text.rstrip() + "\n\n[tool.uv]\n# The same as constraints.txt.\n" + block


if __name__ == "__main__":
    wanted = constraints(installed(sys.argv[1]), installed(sys.argv[2]))
    (ROOT / "constraints.txt").write_text(HEAD + "\n".join(wanted) + "\n", encoding="utf-8")
    project = ROOT / "pyproject.toml"
    project.write_text(mirror(project.read_text(encoding="utf-8"), wanted), encoding="utf-8")
