"""CURVE keys of a cluster, and how each part of it is told its own."""
import subprocess
from pathlib import Path


class Keys:
    """Made once for all seeds; every cluster has the same."""

    def __init__(self, folder, actdiff, environment):
        self.folder = Path(folder)
        subprocess.run([actdiff, "keygen", "--folder", self.folder], check=True, env=environment,
            stdout=subprocess.DEVNULL)

    @property
    def of_coordinator(self):
        return ["--key", self.folder / "coordinator.secret", "--allowed", self.folder / "allowed.keys"]

    @property
    def of_worker(self):
        return self._client("worker")

    @property
    def of_operator(self):
        return self._client("operator")

    def _client(self, name):
        return ["--key", self.folder / f"{name}.secret", "--server-key", self.folder / "coordinator.public"]


def why_not(actdiff):
    """Why there can be no keys; None where there can."""
    commands = subprocess.run([actdiff, "--help"], capture_output=True, text=True, check=True).stdout
    return None if "keygen" in commands else "this build of actdiff has no keygen"
