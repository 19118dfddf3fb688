"""Plays the parts of Kubernetes that a pod notices, from the rendered manifests: the kubelet (order of
start, probes, hooks and SIGTERM), ConfigMap volumes, and endpoints that lag behind readiness.

The order is that of native sidecars. Start: a sidecar, then, once its startup probe has passed, what
stands behind it. End: the preStop hooks of all containers at once; SIGTERM for the app after its own
hook; SIGTERM for the sidecar when the app has ended.
"""
import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from . import manifests as m
from .container import launch, run_in
from .http import Connection
from .proxy import environment
from .wait import eventually

LAG_S = 2.0  # from a change of readiness to the last node that knows it
APP = Path(__file__).with_name("shop_app.py")


class MountedFolder:
    """A ConfigMap or a Secret as the kubelet mounts it: all files change at once, by one rename."""

    def __init__(self, folder, data, mode=0o644, group=0):
        self.dir, self.mode, self.group = folder, mode, group
        self.turn = 0
        folder.mkdir(parents=True)
        self.update(data)

    def update(self, data):
        self.turn += 1
        content = self.dir / f"..2026_11_22_{self.turn}"
        content.mkdir()
        for name, text in data.items():
            (content / name).write_text(text)
            (content / name).chmod(self.mode)
            os.chown(content / name, 0, self.group)
            if not (self.dir / name).is_symlink():
                (self.dir / name).symlink_to(f"..data/{name}")
        before = (self.dir / "..data").resolve() if self.turn > 1 else None
        (self.dir / "..data_tmp").symlink_to(content.name)
        (self.dir / "..data_tmp").rename(self.dir / "..data")
        if before:
            for file in before.iterdir():
                file.unlink()
            before.rmdir()


class Pod:
    """One pod of a Deployment, with or without Banyan in it."""

    def __init__(self, node, name, deployment, folder, image=None, content=None):
        self.node, self.name, self.deployment, self.image = node, name, deployment, image
        self.dir = folder / name
        self.dir.mkdir()
        self.network, self.address = node.pod_network()
        self.volumes = {}
        for volume in m.pod_spec(deployment).get("volumes", []):
            self._add_volume(volume, content)
        self.processes, self.ready, self.terminating = {}, False, threading.Event()
        self.logs = {}

    def _add_volume(self, volume, content):
        if "configMap" in volume:
            name, mode, group = volume["configMap"]["name"], 0o644, 0
        elif "secret" in volume:
            # fsGroup makes its files the group's.
            name, mode = volume["secret"]["secretName"], volume["secret"]["defaultMode"]
            group = m.pod_spec(self.deployment)["securityContext"]["fsGroup"]
        else:
            return
        self.volumes[volume["name"]] = MountedFolder(self.dir / volume["name"], content(name), mode, group)

    # Start.
    def start(self):
        for container in m.pod_spec(self.deployment).get("initContainers", []):
            if container.get("restartPolicy") == "Always":
                self._start_banyan(container)
                self._wait_for(container, "startupProbe")
            else:  # runs to its end first, as root where it says so
                subprocess.run(["nsenter", f"--net={self.network.path}", *container["command"],
                                *container["args"]], check=True, stdin=subprocess.DEVNULL)
        for container in m.pod_spec(self.deployment)["containers"]:
            if container["name"] == "banyan":
                self._start_banyan(container)
            else:
                self._start_app(container)
        threading.Thread(target=self._watch_readiness, daemon=True).start()
        return self

    def _start_banyan(self, container):
        mounts = [(self.volumes[v["name"]].dir, v["mountPath"], not v.get("readOnly", False))
                  for v in container["volumeMounts"] if v["name"] in self.volumes]
        state = [v["mountPath"] for v in container["volumeMounts"] if v["name"] not in self.volumes]
        self.environment = {e["name"]: e["value"] for e in container["env"]}
        context = {**m.pod_spec(self.deployment)["securityContext"], **container["securityContext"]}
        self.logs["banyan"] = self.dir.parent / f"output-{self.name}.log"
        with open(self.logs["banyan"], "wb") as output:
            self.processes["banyan"] = launch(
                self.image, ["banyan", *container["args"]], volumes=mounts,
                memory_folders=[(path, "64m") for path in state], network=self.network.process.pid,
                user=context["runAsUser"], stdout=output, stderr=output,
                env={**environment(), **self.environment})

    def _start_app(self, container):
        port = container["ports"][0]["containerPort"]
        self.processes["app"] = subprocess.Popen(
            ["nsenter", f"--net={self.network.path}", sys.executable, "-P", APP,
             self.deployment["metadata"]["name"], str(port)], stdin=subprocess.DEVNULL)

    def _wait_for(self, container, probe):
        with self.node.entered():
            eventually(lambda: self._passes(container[probe]), f"{self.name}: {probe}", 30)

    def _passes(self, probe):
        try:
            with Connection(f"{self.address}:{probe['httpGet']['port']}") as connection:
                return 200 <= connection.request("GET", probe["httpGet"]["path"]).status < 400
        except OSError:
            return False

    def _watch_readiness(self):
        spec = m.pod_spec(self.deployment)
        probes = [c["readinessProbe"] for c in spec.get("initContainers", []) + spec["containers"]
                  if "readinessProbe" in c]
        failures = [probe.get("failureThreshold", 3) for probe in probes]
        with self.node.entered():
            while not self.terminating.wait(0.2):  # faster than in a cluster
                for i, probe in enumerate(probes):
                    failures[i] = 0 if self._passes(probe) else failures[i] + 1
                self.ready = all(failed < probe.get("failureThreshold", 3)
                                 for failed, probe in zip(failures, probes))

    # End.
    def delete(self):
        """Begins its end; what comes back waits for it and says how many seconds it took."""
        self.terminating.set()
        began, result = time.monotonic(), {}
        thread = threading.Thread(target=lambda: result.update(seconds=self._end(began)), daemon=True)
        thread.start()

        def wait():
            thread.join(timeout=120)
            assert "seconds" in result, f"{self.name} did not end as it should"
            return result["seconds"]
        return wait

    def _end(self, began):
        spec = m.pod_spec(self.deployment)
        hooks = [threading.Thread(target=self._end_app, args=(c,), daemon=True)
                 for c in spec["containers"] if c["name"] != "banyan"]
        hooks += [threading.Thread(target=self._prestop_banyan, args=(c,), daemon=True)
                  for c in spec.get("initContainers", []) if "lifecycle" in c]
        for hook in hooks:
            hook.start()
        for hook in hooks:
            hook.join()
        if "banyan" in self.processes:
            self.processes["banyan"].send_signal(signal.SIGTERM)
            left = spec["terminationGracePeriodSeconds"] - (time.monotonic() - began)
            self.exit_code = self.processes["banyan"].wait(timeout=left)
            assert self.exit_code == 0
        return time.monotonic() - began

    def _end_app(self, container):
        time.sleep(container["lifecycle"]["preStop"]["sleep"]["seconds"])  # that is the hook
        self.processes["app"].terminate()
        self.processes["app"].wait(timeout=60)

    def _prestop_banyan(self, container):
        done = self.run(container["lifecycle"]["preStop"]["exec"]["command"])
        assert done.returncode == 0, done.stderr

    def run(self, command):
        """As `kubectl exec --container banyan` does it."""
        return run_in(self.processes["banyan"].pid, command,
                      env={**environment(), **self.environment})

    def close(self):
        self.terminating.set()
        for process in self.processes.values():
            process.kill()
            process.wait(timeout=10)
        self.network.close()


class Endpoints:
    """The ready pods at the Service's target port, as the nodes see them: LAG_S late."""

    def __init__(self, port):
        self.pods, self.port, self.seen, self._changes = [], port, [], []
        self._stop = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while not self._stop.wait(0.02):
            now = time.monotonic()
            current = [f"{p.address}:{self.port}" for p in list(self.pods)
                       if p.ready and not p.terminating.is_set()]
            if not self._changes or self._changes[-1][1] != current:
                self._changes.append((now, current))
            late = [addresses for at, addresses in self._changes if at <= now - LAG_S]
            if late:
                self.seen = late[-1]

    def knows(self, pod):
        return f"{pod.address}:{self.port}" in self.seen

    def close(self):
        self._stop.set()


class Clients:
    """Users of a Service, on the node: kept connections, each to one endpoint that was known when it was
    opened. Half of them open new ones all the time, half never unless they are asked to.
    with Clients(node, endpoints, target) as clients: …; what fails is in clients.failures."""

    REQUESTS_OF_A_CONNECTION = 40

    def __init__(self, node, endpoints, target, threads=6, pace_s=0.004, seed=0):
        self.node, self.endpoints, self.target = node, endpoints, target
        self.pace_s, self.random = pace_s, random.Random(seed)
        self.failures, self.served = [], []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(i,), daemon=True)
                         for i in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def more(self, count):
        goal = len(self.served) + count
        return lambda: len(self.served) >= goal

    def _run(self, number):
        with self.node.entered():
            user = 0
            while not self._stop.is_set():
                endpoint = self.random.choice(self.endpoints.seen)
                try:
                    with Connection(endpoint) as connection:
                        user = self._use(connection, number, user)
                except (OSError, AssertionError, ValueError) as error:
                    self.failures.append((endpoint, repr(error)))

    def _use(self, connection, number, user):
        for count in itertools.count(1):
            if self._stop.wait(self.pace_s):
                break
            user = (user + 1) % 50
            answer = connection.request("GET", self.target, [("x-user-id", f"user-{number}-{user}")])
            if answer.status != 200:
                self.failures.append((answer.status, answer.body))
            self.served.append(answer.served_by)
            if (answer.header("connection") or "").lower() == "close":
                break
            if number % 2 and count >= self.REQUESTS_OF_A_CONNECTION:
                break
        return user
