"""The root filesystem of the image: Banyan, the libraries that it is linked with, and what says whose
they are. Nothing else: no shell, no package manager.

The libraries are those of the Debian packages that are installed here, where the binary was built and
tested. Each file is held against the checksum that its package came with.
"""
import hashlib
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

USER = 65532
DPKG = Path("/var/lib/dpkg")
# Compiled into the binary, so that their licences are asked for too.
COMPILED_IN = ("node-llhttp", "nlohmann-json3-dev", "libcli11-dev", "libexpected-dev")
AUTHORITIES = Path("/usr/share/ca-certificates/mozilla")


class Refused(Exception):
    """Says what is not as it should be."""


@dataclass(frozen=True)
class Entry:
    """One file, folder or symbolic link; `path` without a slash in front."""
    path: str
    mode: int = 0o644
    content: bytes = b""
    link: str = ""
    folder: bool = False
    owner: int = 0


def folder(path, mode=0o755, owner=0):
    return Entry(path, mode, folder=True, owner=owner)


class Packages:
    """What dpkg knows of the installed files."""

    def __init__(self):
        self.owners, self.sums, self.used = {}, {}, set()
        for listing in (DPKG / "info").glob("*.list"):
            for line in listing.read_text().splitlines():
                self.owners.setdefault(line, listing.stem)

    def take(self, path):
        """The content of an installed file, which is as its package brought it."""
        # Libraries of old packages stand under /lib, which is a link to /usr/lib.
        names = [str(path), re.sub("^/usr", "", str(path))]
        name = next((name for name in names if name in self.owners), None)
        if name is None:
            raise Refused(f"{path} belongs to no package")
        package, content = self.owners[name], Path(path).read_bytes()
        expected = self._checksums(package).get(name.lstrip("/"))
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != expected:
            raise Refused(f"{path} is not as {package} brought it")
        self.used.add(package)
        return content

    def _checksums(self, package):
        if package not in self.sums:
            lines = (DPKG / f"info/{package}.md5sums").read_text().splitlines()
            self.sums[package] = {path: digest for digest, path in (line.split(None, 1) for line in lines)}
        return self.sums[package]

    def papers(self):
        """Of every package that was used: its licence, and its entry for scanners of images."""
        for name in sorted({package.split(":")[0] for package in self.used} | set(COMPILED_IN)):
            copyright_ = Path(f"/usr/share/doc/{name}/copyright")
            yield Entry(f"usr/share/doc/{name}/copyright", content=copyright_.read_bytes())
        for package in sorted(self.used):
            name = package.split(":")[0]
            status = subprocess.run(["dpkg-query", "--status", package], check=True,
                                    capture_output=True).stdout
            yield Entry(f"var/lib/dpkg/status.d/{name}", content=status)


def libraries(binary):
    """{path as the loader asks for it: path of the file} of everything that the binary is linked with."""
    said = subprocess.run(["ldd", str(binary)], check=True, capture_output=True, text=True).stdout
    if "not found" in said:
        raise Refused(f"{binary}: a library is missing:\n{said}")
    asked = re.findall(r"(/\S+) \(0x", said)
    return {path: Path(path).resolve() for path in asked}


def below_usr(path):
    """/lib and /lib64 are links into /usr, here and in the image."""
    text = str(path).lstrip("/")
    return text if text.startswith("usr/") else "usr/" + text


def linked(binary, packages):
    for asked, file in sorted(libraries(binary).items()):
        yield Entry(below_usr(file), 0o755, packages.take(file))
        if below_usr(asked) != below_usr(file):
            yield Entry(below_usr(asked), 0o777, link="/" + below_usr(file))


def certificates(packages):
    files = sorted(AUTHORITIES.glob("*.crt"))
    if not files:
        raise Refused("no certificates of authorities: install ca-certificates")
    bundle = b"".join(packages.take(file).strip() + b"\n" for file in files)
    yield Entry("etc/ssl/certs/ca-certificates.crt", content=bundle)
    yield Entry("usr/lib/ssl/cert.pem", 0o777, link="/etc/ssl/certs/ca-certificates.crt")


def identity(packages):
    names = f"root:x:0:0::/:/\nbanyan:x:{USER}:{USER}::/var/lib/banyan:/\n"
    yield Entry("etc/passwd", content=names.encode())
    yield Entry("etc/group", content=f"root:x:0:\nbanyan:x:{USER}:\n".encode())
    yield Entry("etc/nsswitch.conf", content=b"hosts: files dns\n")
    yield Entry("usr/lib/os-release", content=packages.take("/usr/lib/os-release"))
    yield Entry("etc/os-release", 0o777, link="../usr/lib/os-release")


def with_folders(entries):
    """Sorted, each below a folder that is there."""
    known = {entry.path: entry for entry in entries}
    for entry in list(known.values()):
        for parent in list(Path(entry.path).parents)[:-1]:
            known.setdefault(str(parent), folder(str(parent)))
    return [known[path] for path in sorted(known)]


def entries_for(binary):
    packages = Packages()
    found = [folder(name) for name in ("dev", "proc", "sys", "etc/banyan/config", "etc/banyan/flags",
                                       "etc/banyan/admin", "etc/banyan/tls")]
    found += [Entry(name, 0o777, link=f"usr/{name}") for name in ("lib", "lib64", "bin")]
    found += [folder("usr/lib"), folder("usr/lib64"), folder("tmp", 0o1777)]
    found += [folder("var/lib/banyan", 0o700, USER)]
    found += [Entry("usr/bin/banyan", 0o755, Path(binary).read_bytes())]
    for part in (linked(binary, packages), certificates(packages), identity(packages)):
        found += part
    found += packages.papers()
    return with_folders(found)
