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


def facts(binaries):
    return {
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "banyan": _first([binaries["banyan"], "version"], r"(\d[^\s]*)"),
        "nginx": _first([binaries["nginx"], "-v"], r"nginx/(\S+)"),
        "haproxy": _first([binaries["haproxy"], "-v"], r"version (\S+)"),
    }


def text(about):
    return (f"{about['when']} · {about['processor']}, {about['cpus']} CPUs, Linux {about['kernel']} · "
            f"Banyan {about['banyan']}, nginx {about['nginx']}, HAProxy {about['haproxy']}")
