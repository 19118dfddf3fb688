"""As much of Kubernetes' API server as the real kubectl needs for what rollback.sh asks it, over the state of
a kubectl.Cluster."""
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .kubectl import Cluster, locked

PODS = "/api/v1/namespaces/shop/pods"
FLAGS = "/api/v1/namespaces/shop/configmaps/banyan-flags"
VERBS = ["get", "list", "patch"]
DISCOVERY = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
        {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": VERBS},
        {"name": "configmaps", "singularName": "configmap", "namespaced": True, "kind": "ConfigMap",
         "verbs": VERBS}]}}


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        parameters = dict(urllib.parse.parse_qsl(address.query))
        self.server.asked.append((address.path, parameters))
        if address.path in DISCOVERY:
            return self._answer(200, DISCOVERY[address.path])
        with locked(self.server.cluster.file) as state:
            if address.path == PODS:
                return self._answer(200, {"kind": "PodList", "apiVersion": "v1", "metadata": {},
                                          "items": Cluster.pods_of(
                                              state, parameters["fieldSelector"])})
            if address.path == FLAGS:
                return self._answer(200, Cluster.configmap_of(state))
        return self._refuse(404, "NotFound")

    def do_PATCH(self):
        address = urllib.parse.urlsplit(self.path)
        patch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert address.path == FLAGS
        assert self.headers["Content-Type"] == "application/merge-patch+json"
        self.server.asked.append((address.path, dict(urllib.parse.parse_qsl(address.query))))
        with locked(self.server.cluster.file) as state:
            if not Cluster.patched(state, patch):
                return self._refuse(409, "Conflict")
            return self._answer(200, Cluster.configmap_of(state))

    def _refuse(self, code, reason):
        self._answer(code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
                            "reason": reason, "message": reason})

    def _answer(self, code, document):
        body = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ApiServer:
    """with ApiServer(cluster) as server: …; server.asked is [(path, parameters)]."""

    def __init__(self, cluster):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Request)
        self.server.cluster, self.server.asked = cluster, []
        self.asked = self.server.asked
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
