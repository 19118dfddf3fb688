"""A container on this machine: a read-only root, some mounts, a user without any rights, and maybe the
network of a pod. Needs root and namespaces.

As a program it makes itself that container and then becomes the command, under the same process id.
"""
import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

_PROGRAM = Path(__file__).resolve()
_libc = ctypes.CDLL(None, use_errno=True)
NEW_MOUNTS, NEW_NETWORK = 0x00020000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_NO_NEW_PRIVS, _DROP_FROM_BOUNDING_SET = 38, 24
USER = 65532


def _must(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags):
    _must(_libc.unshare(flags), "unshare")


def enter(path, kind=0):
    """This thread joins the namespace."""
    with open(path, "rb") as file:
        _must(_libc.setns(file.fileno(), kind), f"setns {path}")


def mount(source, target, kind=None, flags=0, options=None):
    texts = [None if text is None else str(text).encode() for text in (source, target, kind, options)]
    _must(_libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]), f"mount {target}")


def need_namespaces():
    """Skips the test, with the reason, where this machine does not let us make containers."""
    import pytest  # slow, and of no use to the programs here
    needed = "mount -t proc proc /proc && mount -t tmpfs none /mnt"
    done = subprocess.run(["unshare", "--mount", "--net", "sh", "-c", needed], capture_output=True,
                          text=True, check=False)
    if os.geteuid() != 0 or done.returncode != 0:
        pytest.skip(f"NOT TESTED in containers: no namespaces here ({done.stderr.strip() or 'not root'})")


def need_pod_networks():
    """The same for networks of pods."""
    import pytest
    need_namespaces()
    needed = "ip link add one type bridge && ip link add two type veth peer name three"
    done = subprocess.run(["unshare", "--net", "sh", "-c", needed], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        pytest.skip(f"NOT TESTED as in Kubernetes: no bridge and veth here ({done.stderr.strip()})")


def launch(root, command, volumes=(), memory_folders=(), network=None, user=USER, **popen):
    """A process in a container of its own. volumes: (folder, where, writable); memory_folders: (where,
    size); network: a process whose network it shares."""
    words = {"root": str(root), "command": command, "user": user, "network": network,
             "volumes": [(str(source), where, writable) for source, where, writable in volumes],
             "memory_folders": list(memory_folders)}
    return subprocess.Popen([sys.executable, "-P", _PROGRAM, json.dumps(words)],
                            stdin=subprocess.DEVNULL, **popen)


def run_in(process_id, command, user=USER, timeout_s=60, env=None):
    """A further command in a running container, as `kubectl exec` does it."""
    words = {"join": process_id, "command": command, "user": user}
    return subprocess.run([sys.executable, "-P", _PROGRAM, json.dumps(words)], capture_output=True,
                          text=True, timeout=timeout_s, stdin=subprocess.DEVNULL, env=env, check=False)


def _make(words):
    if words["network"]:
        enter(f"/proc/{words['network']}/ns/net", NEW_NETWORK)
    unshare(NEW_MOUNTS)
    mount("none", "/", flags=_REC | _PRIVATE)
    root = words["root"]
    mount(root, root, flags=_BIND)
    mount("none", root, flags=_REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)
    mount("proc", f"{root}/proc", "proc")
    for source, where, writable in words["volumes"]:
        mount(source, root + where, flags=_BIND)
        if not writable:
            mount("none", root + where, flags=_REMOUNT | _BIND | _RDONLY)
    for where, size in words["memory_folders"]:
        mount("none", root + where, "tmpfs", _NOSUID | _NODEV,
              f"size={size},mode=700,uid={words['user']},gid={words['user']}")
    os.chroot(root)


def _join(pid):
    root = os.open(f"/proc/{pid}/root", os.O_RDONLY)
    with open(f"/proc/{pid}/ns/mnt", "rb") as mounts:
        enter(f"/proc/{pid}/ns/net", NEW_NETWORK)
        _must(_libc.setns(mounts.fileno(), NEW_MOUNTS), "setns")
    os.fchdir(root)
    os.chroot(".")


def _become(user):
    os.chdir("/")
    for capability in range(64):
        if _libc.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0) != 0:
            break  # the kernel has no more
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    _must(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def main():
    words = json.loads(sys.argv[1])
    if "join" in words:
        _join(words["join"])
    else:
        _make(words)
    _become(words["user"])
    environment = {**os.environ, "PATH": "/usr/bin"}
    os.execvpe(words["command"][0], words["command"], environment)


if __name__ == "__main__":
    main()
