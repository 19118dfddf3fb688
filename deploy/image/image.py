"""Packs the root filesystem as an OCI archive, or writes it into a folder; see script/image.

The same input gives the same bytes: no clock, no order of a directory, no name of a builder gets in.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from root import USER, Refused, entries_for

# As in the Dockerfile; a test holds them against each other.
LABELS = {
    "org.opencontainers.image.title": "banyan",
    "org.opencontainers.image.description":
        "Moves users from small services to a monolith, and back in one action.",
    "org.opencontainers.image.base.name": "scratch, with libraries of Debian 12",
}
RUN = {
    "User": f"{USER}:{USER}",
    "Env": ["PATH=/usr/bin"],
    "Entrypoint": ["banyan"],
    "Cmd": ["run", "-c", "/etc/banyan/config/banyan.yaml"],
    "ExposedPorts": {"8080/tcp": {}, "9902/tcp": {}},
    "WorkingDir": "/",
    "StopSignal": "SIGTERM",
}


def tar_of(members):
    """The bytes of a tar of (TarInfo, content)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, content in members:
            info.mtime = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def member(entry):
    info = tarfile.TarInfo(entry.path)
    info.mode, info.uid, info.gid = entry.mode, entry.owner, entry.owner
    if entry.folder:
        info.type = tarfile.DIRTYPE
    elif entry.link:
        info.type, info.linkname = tarfile.SYMTYPE, entry.link
    return info, entry.content


def file(name, content):
    return tarfile.TarInfo(name), content


class Archive:
    """An image layout of the Open Container Initiative, in one tar."""

    def __init__(self):
        self.blobs = {}

    def add(self, media_type, content, **more):
        digest = hashlib.sha256(content).hexdigest()
        self.blobs[digest] = content
        return {"mediaType": f"application/vnd.oci.image.{media_type}",
                "digest": f"sha256:{digest}", "size": len(content), **more}

    def bytes(self, manifest):
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                 "manifests": [manifest]}
        members = [file("oci-layout", encoded({"imageLayoutVersion": "1.0.0"})),
                   file("index.json", encoded(index))]
        members += [file(f"blobs/sha256/{digest}", content)
                    for digest, content in sorted(self.blobs.items())]
        return tar_of(members)


def encoded(data):
    return json.dumps(data, sort_keys=True).encode()


def archive_of(entries, version, architecture, labels):
    layer = tar_of(map(member, entries))
    config = {"architecture": architecture, "os": "linux", "config": {**RUN, "Labels": labels},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}
    archive = Archive()
    packed = gzip.compress(layer, compresslevel=6, mtime=0)
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": archive.add("config.v1+json", encoded(config)),
                "layers": [archive.add("layer.v1.tar+gzip", packed)]}
    platform = {"architecture": architecture, "os": "linux"}
    names = {"org.opencontainers.image.ref.name": version}
    return archive.bytes(archive.add("manifest.v1+json", encoded(manifest), platform=platform,
                                     annotations=names))


def write_folder(entries, root):
    for entry in entries:
        path = root / entry.path
        if entry.folder:
            path.mkdir(exist_ok=True)
        elif entry.link:
            path.symlink_to(entry.link)
            continue
        else:
            path.write_bytes(entry.content)
        path.chmod(entry.mode)
        if os.geteuid() == 0:
            os.chown(path, entry.owner, entry.owner)


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--banyan", type=Path, required=True)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--revision", default="")
    words = parser.parse_args()
    version = said(str(words.banyan), "version").split()[1]
    architecture = said("dpkg", "--print-architecture")
    entries = entries_for(words.banyan)
    if words.root:
        words.root.mkdir(parents=True, exist_ok=True)
        if any(words.root.iterdir()):
            raise Refused(f"{words.root} is not empty")
        write_folder(entries, words.root)
        return
    labels = {**LABELS, "org.opencontainers.image.version": version}
    if words.revision:
        labels["org.opencontainers.image.revision"] = words.revision
    output = words.output or Path(f"build/banyan-{version}-{architecture}.oci.tar")
    output.parent.mkdir(parents=True, exist_ok=True)
    new = output.with_name(output.name + ".new")
    new.write_bytes(archive_of(entries, version, architecture, labels))
    new.rename(output)
    print(output)


if __name__ == "__main__":
    try:
        main()
    except (Refused, OSError) as error:
        sys.exit(f"image: {error}")
