"""A headless Chromium, driven over a pipe (Chrome DevTools Protocol): no port, no driver."""
import base64
import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

BINARY = shutil.which("chromium")
AXE = Path(__file__).resolve().parents[1] / "browser/node_modules/axe-core/axe.min.js"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"]


def _pipe():
    """Both ends above 9, so that none stands where the browser looks for its own."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high


class Browser:
    """with Browser(tmp_path) as browser: browser.open(uri) …   One page, cut off from any network."""

    def __init__(self, directory):
        self.directory = directory

    def __enter__(self):
        # The browser reads commands from 3 and writes answers to 4, each ended by a NUL.
        command_end, self._write = _pipe()
        self._read, answer_end = _pipe()

        def take_places():  # between fork and exec
            os.dup2(command_end, 3)
            os.dup2(answer_end, 4)

        flags = [*FLAGS, f"--user-data-dir={self.directory / 'profile'}", "about:blank"]
        self.process = subprocess.Popen(
            [BINARY, *flags], preexec_fn=take_places, pass_fds=(3, 4), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(command_end)
        os.close(answer_end)
        self._last, self._unread, self.events = 0, b"", []
        targets = self.command("Target.getTargets")["targetInfos"]
        page = next(t for t in targets if t["type"] == "page")["targetId"]
        self._session = None
        self._session = self.command("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")
        self.command("Network.emulateNetworkConditions", offline=True, latency=0,
                     downloadThroughput=0, uploadThroughput=0)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=20)
        os.close(self._read)
        os.close(self._write)

    _session = None

    def command(self, method, **parameters):
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._last:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def _next(self):
        while b"\0" not in self._unread:
            more = os.read(self._read, 1 << 16)
            assert more, "the browser is gone"
            self._unread += more
        text, _, self._unread = self._unread.partition(b"\0")
        return json.loads(text)

    def open(self, uri, dark=False, width=1280, height=900):
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=1, mobile=False)
        self.events.clear()
        self.command("Page.navigate", url=uri)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self._next())

    def evaluate(self, expression):
        result = self.command("Runtime.evaluate", expression=expression, awaitPromise=True,
                              returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def complaints(self):
        """What the console was told, what was thrown, what a policy refused."""
        found = []
        for event in self.events:
            method, about = event.get("method"), event.get("params", {})
            if method == "Log.entryAdded":
                found.append(about["entry"]["text"])
            elif method == "Runtime.consoleAPICalled":
                found.append(str(about["args"]))
            elif method == "Runtime.exceptionThrown":
                found.append(about["exceptionDetails"]["text"])
        return found

    def requests(self):
        return [e["params"]["request"]["url"] for e in self.events
                if e.get("method") == "Network.requestWillBeSent"]

    def violations(self):
        """What axe-core finds, worse than minor."""
        self.evaluate(AXE.read_text() + ";0")
        found = self.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => "
                              "r.violations.map(v => [v.impact, v.id, v.nodes.slice(0, 3).map("
                              "n => n.html.slice(0, 200) + ' ' + n.failureSummary)]))")
        return [v for v in found if v[0] != "minor"]

    def screenshot(self, path):
        size = self.evaluate("[document.documentElement.scrollWidth, "
                             "document.documentElement.scrollHeight]")
        done = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                            clip={"x": 0, "y": 0, "width": size[0], "height": min(size[1], 8000),
                                  "scale": 1})
        Path(path).write_bytes(base64.b64decode(done["data"]))
