"""On what, and of what, a measurement was made."""
import os
import platform
import re
import subprocess
import time
from pathlib import Path


def _first(command, pattern):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if found else "unknown"


def _processor():
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return found.group(1) if found else platform.machine()


VERSIONS = {"banyan": ("version", r"(\d\S*)"), "against": ("version", r"(\d\S*)"),
            "nginx": ("-v", r"nginx/(\S+)"), "haproxy": ("-v", r"version (\S+)"),
            "nghttpx": ("-v", r"nghttp2/(\S+)")}


def facts(binaries):
    return {
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "versions": {name: _first([binaries[name], option], pattern)
                     for name, (option, pattern) in VERSIONS.items() if name in binaries},
    }


def text(about):
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return (f"{about['when']} · {about['processor']}, {about['cpus']} CPUs, Linux {about['kernel']}"
            f" · {versions}")
