"""nginx as an upstream: a server that nobody here wrote."""
import os
import shutil
import socket
import subprocess

from .http import Connection
from .wait import eventually

_CONFIG = """
{user}
daemon off;
worker_processes 1;
pid {dir}/pid;
error_log {dir}/error.log notice;
events {{ worker_connections 512; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  keepalive_timeout 60s;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  client_max_body_size 0;
  server {{
    listen 127.0.0.1:{port};
    root {dir}/www;
    add_header X-Served-By {name} always;
    location = /shop/kilobyte {{ return 200 "{kilobyte}"; }}
    location = /shop/empty {{ return 204; }}
    location /shop/ {{ alias {dir}/www/; }}
  }}
}}
"""
ATTEMPTS = 5


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    """Its files stand in `www`. nginx can not report a port that the kernel picked, so a free one
    is looked for, and another one if somebody was faster."""

    def __init__(self, directory, name):
        self.name, self.dir = name, directory / f"nginx-{name}"
        self.www = self.dir / "www"
        self.www.mkdir(parents=True)
        self.dir.chmod(0o755)
        self.process = None

    def __enter__(self):
        for _ in range(ATTEMPTS):
            if self._start():
                return self
        raise AssertionError(f"nginx does not start: {self._errors()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)

    def _start(self):
        self.address = f"127.0.0.1:{free_port()}"
        (self.dir / "nginx.conf").write_text(_CONFIG.format(
            dir=self.dir, port=self.address.split(":")[1], name=self.name, kilobyte="k" * 1024,
            user="user root;" if os.geteuid() == 0 else ""))
        self.process = subprocess.Popen(
            [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(self.dir),
             "-e", str(self.dir / "error.log"), "-c", str(self.dir / "nginx.conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: self.process.poll() is not None or self._answers(), "nginx is up")
        return self.process.poll() is None

    def _answers(self):
        try:
            Connection(self.address).close()
            return True
        except OSError:
            return False

    def _errors(self):
        log = self.dir / "error.log"
        return log.read_text()[-2000:] if log.exists() else "no error log"
