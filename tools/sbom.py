"""Write a software bill of materials of mien and what is installed for it (`make sbom`).

    python tools/sbom.py dist/mien.cdx.json

CycloneDX 1.6 as JSON, made by cyclonedx-bom from the environment that runs it, without the tools of
developers, and checked against CycloneDX's schema. The same environment gives the same bytes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from installed import installed, normalised

ROOT = Path(__file__).parents[1]


def main(target: Path) -> int:
    """Write the bill, and return the exit code."""
    made = subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject",
         ROOT / "pyproject.toml", "--output-reproducible", "--spec-version", "1.6",
         "--output-format", "JSON", sys.executable],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    bill = json.loads(made.stdout)
    only_ours(bill)
    text = json.dumps(bill, indent=2, sort_keys=True) + "\n"
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        print(f"The bill is no CycloneDX: {wrong}", file=sys.stderr)
        return 1
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    print(f"{target}: {len(bill['components'])} components")
    return 0


def only_ours(bill: dict[str, Any]) -> None:
    """Take out of a bill what only developers have, and where this copy of mien lies."""
    ours = {one.name for one in installed()}
    kept = [one for one in bill["components"] if normalised(one["name"]) in ours]
    root = bill["metadata"]["component"]
    references = {one["bom-ref"] for one in kept} | {root["bom-ref"]}
    bill["components"] = kept
    bill["dependencies"] = [
        {**one, "dependsOn": [to for to in one.get("dependsOn", ()) if to in references]}
        for one in bill.get("dependencies", ())
        if one["ref"] in references
    ]
    for one in (root, *kept):
        links = one.get("externalReferences", ())
        one["externalReferences"] = [link for link in links if re.match(r"https?://", link["url"])]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if sys.argv[1:] else "dist/mien.cdx.json")))
