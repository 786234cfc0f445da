"""The list of parts as a CycloneDX 1.6 document."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import about
from parts import Part

_TYPES = {"package": "library", "library": "library", "data": "data"}


def document(parts: Sequence[Part], *, version: str, epoch: int) -> dict[str, Any]:
    """The document; the same parts give the same one."""
    components = [_component(part) for part in parts]
    root = {
        "type": "application",
        "bom-ref": about.NAME,
        "name": about.TITLE,
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    references = [each["bom-ref"] for each in components]
    within: dict[str, list[str]] = {}
    for part, reference in zip(parts, references, strict=True):
        if part.within:
            within.setdefault(part.within, []).append(reference)
    own = [ref for part, ref in zip(parts, references, strict=True) if not part.within]
    depends = [{"ref": about.NAME, "dependsOn": own}]
    for part, reference in zip(parts, references, strict=True):
        if part.kind == "package" and part.name in within:
            depends.append({"ref": reference, "dependsOn": within[part.name]})
    seed = f"{about.NAME} {version} {epoch} {components}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, seed)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": root,
        },
        "components": components,
        "dependencies": depends,
    }


def _component(part: Part) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": _TYPES[part.kind],
        "bom-ref": quote(f"{part.kind}/{part.within or '-'}/{part.name}@{part.version}"),
        "name": part.name,
    }
    if part.version:
        made["version"] = part.version
    made["licenses"] = [_licence(part.licence)]
    if part.kind == "package" and part.name != "Python":
        name = part.name.lower().replace("_", "-")
        made["purl"] = f"pkg:pypi/{name}@{quote(part.version)}"
    return made


def _licence(expression: str) -> dict[str, Any]:
    is_one = " " not in expression and not expression.startswith("LicenseRef-")
    return {"license": {"id": expression}} if is_one else {"expression": expression}
