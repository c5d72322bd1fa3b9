"""CURVE keys of a cluster, and how each part of it is told its own."""
import subprocess
from pathlib import Path


class Keys:
    """Made once for all seeds; every cluster has the same."""

    def __init__(self, folder, actdiff, environment, workers):
        self.folder = Path(folder)
        self._actdiff, self._environment = actdiff, environment
        self._make()
        # One for each worker: results of one key cannot confirm each other.
        for index in range(workers):
            self._make(f"worker-{index}", "--role", "worker")
            with open(self.folder / "allowed.keys", "a") as allowed:
                allowed.write((self.folder / f"worker-{index}.public").read_text())

    def _make(self, *arguments):
        subprocess.run([self._actdiff, "keygen", *arguments, "--folder", self.folder], check=True,
            env=self._environment, stdout=subprocess.DEVNULL)

    @property
    def of_coordinator(self):
        return ["--key", self.folder / "coordinator.secret", "--allowed", self.folder / "allowed.keys"]

    def of_worker(self, index):
        return self._client(f"worker-{index}")

    @property
    def of_operator(self):
        return self._client("operator")

    def _client(self, name):
        return ["--key", self.folder / f"{name}.secret", "--server-key", self.folder / "coordinator.public"]


def why_not(actdiff):
    """Why there can be no keys; None where there can."""
    commands = subprocess.run([actdiff, "--help"], capture_output=True, text=True, check=True).stdout
    return None if "keygen" in commands else "this build of actdiff has no keygen"
