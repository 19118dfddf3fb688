"""The real npm client, without anything that this machine's user has configured."""
import json
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass

from narration import Failed

COMMAND_S = 60


def environment(home, registry, user):
    """A home of its own, no proxy, and no second try: a failure shall be seen."""
    kept = {name: value for name, value in os.environ.items()
            if not name.lower().startswith("npm_config_") and not name.lower().endswith("_proxy")}
    host = registry.partition("://")[2]
    home.mkdir(parents=True, exist_ok=True)
    (home / "npmrc").write_text(f"//{host}/:_authToken=demo\n")
    (home / "npmrc-global").write_text("")
    settings = {
        "registry": registry, "user_agent": user, "cache": home / "cache",
        "userconfig": home / "npmrc", "globalconfig": home / "npmrc-global",
        "fetch_retries": 0, "audit": "false", "fund": "false", "update_notifier": "false",
        "loglevel": "error", "progress": "false",
    }
    return {**kept, "HOME": str(home),
            **{f"npm_config_{name}": str(value) for name, value in settings.items()}}


def npm(arguments, env, cwd):
    return subprocess.run(["npm", *arguments], env=env, cwd=cwd, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=COMMAND_S, check=False)


def publish(workspaces, registry, home):
    env = environment(home, registry, "npm as publisher")
    for workspace in workspaces:
        done = npm(["publish", "--workspaces", "--access", "public"], env, workspace)
        if done.returncode != 0:
            raise Failed(f"npm publish of {workspace.name} to {registry}: {done.stderr[-800:]}")


class User:
    """Somebody who installs the shop's packages from nothing, again and again."""

    def __init__(self, name, home, registry):
        self.name = name
        self.home = home / name
        self.sticky = f"npm as {name}"  # the User-Agent: what tells one user from another
        self.env = environment(self.home, registry, self.sticky)

    def run(self, arguments):
        return npm(arguments, self.env, self.home)

    def install(self, package):
        project = self.home / "project"
        for old in (project, self.home / "cache"):
            shutil.rmtree(old, ignore_errors=True)
        project.mkdir()
        (project / "package.json").write_text(json.dumps(
            {"name": "project", "version": "1.0.0", "dependencies": {package: "*"}}))
        return npm(["install"], self.env, project)


@dataclass
class Installed:
    user: str
    round: int
    exit_code: int
    stderr: str


class Crowd:
    """All users install one after another, `hands` at a time, until stop()."""

    def __init__(self, users, package, hands=2):
        self.users, self.package = users, package
        self.done = []
        self._round = 0  # counts up with new_round(); an install belongs to that it began in
        self._turn = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(hands)]
        for thread in self._threads:
            thread.start()

    def new_round(self):
        with self._lock:
            self._round += 1
            return self._round

    def finished(self, round_number):
        """True once every user has an install that began in that round."""
        names = {one.user for one in list(self.done) if one.round >= round_number}
        return len(names) == len(self.users)

    def failures(self):
        return [one for one in list(self.done) if one.exit_code != 0]

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=COMMAND_S)

    def _next(self):
        with self._lock:
            user = self.users[self._turn % len(self.users)]
            self._turn += 1
            return user, self._round

    def _work(self):
        while not self._stopping.is_set():
            user, round_number = self._next()
            try:
                done = user.install(self.package)
                code, stderr = done.returncode, done.stderr
            except (OSError, subprocess.SubprocessError) as error:
                code, stderr = -1, repr(error)
            self.done.append(Installed(user.name, round_number, code, stderr))
