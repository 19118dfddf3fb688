"""The made-up packages of a shop that both registries hold."""
import json

# name: {version: dependencies}
PACKAGES = {
    "rounding": {"0.4.0": {}},
    "tax-tables": {"3.0.0": {}, "3.1.0": {"rounding": "^0.4.0"}},
    "@shop/money": {"1.0.0": {}, "1.1.0": {"rounding": "^0.4.0"}},
    "@shop/catalogue": {"2.0.0": {"@shop/money": "^1.0.0"}},
    "@shop/checkout": {"1.2.0": {"@shop/catalogue": "^2.0.0", "@shop/money": "^1.0.0",
                                 "tax-tables": "^3.0.0"}},
    "storefront": {"5.0.0": {"@shop/checkout": "^1.0.0", "tax-tables": "~3.0.0"}},
}
WANTED = "storefront"  # depends on all the others


def write_all(directory):
    """One npm workspace for the first versions and one for the second ones: a workspace is
    published by one npm, and can hold a name only once."""
    workspaces = []
    for name, versions in PACKAGES.items():
        for number, (version, dependencies) in enumerate(versions.items()):
            workspace = directory / f"publish-{number + 1}"
            if workspace not in workspaces:
                workspaces.append(_workspace(workspace))
            _write(workspace / name.replace("/", "-").lstrip("@"), name, version, dependencies)
    return workspaces


def count():
    return sum(len(versions) for versions in PACKAGES.values())


def _workspace(folder):
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true, "workspaces": ["*"]}\n')
    return folder


def _write(folder, name, version, dependencies):
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({
        "name": name, "version": version, "license": "UNLICENSED", "main": "index.js",
        "description": f"{name} of the shop in Banyan's demo",
        "dependencies": dependencies}, indent=2) + "\n")
    (folder / "index.js").write_text(f"module.exports = {json.dumps(name)};\n")
    (folder / "README.md").write_text(f"# {name}\n\nMade up by the demo.\n")
