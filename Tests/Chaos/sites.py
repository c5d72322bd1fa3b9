"""Where the processes of a cluster run: on one machine's loopback addresses, or each in a network namespace of its own."""
import os, subprocess

CONTROL_PORT, DATA_PORT, HTTP_PORT = 5611, 5612, 5613


class Loopback:
    """Addresses 127.RUN.SLOT.n, so that no seed needs to look for ports."""
    PORTS = (CONTROL_PORT, DATA_PORT, HTTP_PORT)

    def __init__(self, network):
        self.host, self.network = f"{network}.1", network
        self.http = f"{self.host}:{HTTP_PORT}"

    def inside(self, node):
        return []

    def heal(self):
        pass

    def destroy(self):
        pass


class Namespaces:
    """A namespace a node, joined by a bridge in one more; node 0 is the coordinator's. Needs root."""

    def __init__(self, name, nodes):
        self.name, self.nodes = name, nodes
        self.host, self.http = self._address(0), f"127.0.0.1:{HTTP_PORT}"
        self._made = []
        try:
            self._make("hub")
            self._ip("-n", self._namespace("hub"), "link", "add", "name", "bridge", "type", "bridge")
            self._ip("-n", self._namespace("hub"), "link", "set", "bridge", "up")
            for node in range(nodes):
                self._add(node)
        except BaseException:
            self.destroy()
            raise

    def _add(self, node):
        hub, own, port = self._namespace("hub"), self._namespace(node), f"port{node}"
        self._make(node)
        self._ip("-n", hub, "link", "add", "name", port, "type", "veth", "peer", "name", "net0", "netns", own)
        self._ip("-n", hub, "link", "set", port, "master", "bridge", "up")
        self._ip("-n", own, "address", "add", f"{self._address(node)}/24", "dev", "net0")
        for link in ("lo", "net0"):
            self._ip("-n", own, "link", "set", link, "up")

    def inside(self, node):
        """What to put before a command so that it runs on a node."""
        return ["ip", "netns", "exec", self._namespace(node)]

    def part(self, node):
        """Pulls a node's cable."""
        self._ip("-n", self._namespace("hub"), "link", "set", f"port{node}", "down")

    def join(self, node):
        self._ip("-n", self._namespace("hub"), "link", "set", f"port{node}", "up")

    def slow(self, node):
        """Delay, loss and duplicates in both directions where the kernel has netem; else a slow line with a long queue."""
        for namespace, link in ((self._namespace("hub"), f"port{node}"), (self._namespace(node), "net0")):
            command = ["tc", "-n", namespace, "qdisc", "replace", "dev", link, "root"]
            netem = ["netem", "delay", "80ms", "40ms", "loss", "2%", "duplicate", "1%"]
            if subprocess.run([*command, *netem], capture_output=True).returncode != 0:
                subprocess.run([*command, "tbf", "rate", "2mbit", "burst", "8kb", "latency", "300ms"], check=True)

    def quicken(self, node):
        for namespace, link in ((self._namespace("hub"), f"port{node}"), (self._namespace(node), "net0")):
            subprocess.run(["tc", "-n", namespace, "qdisc", "del", "dev", link, "root"], capture_output=True)

    def heal(self):
        for node in range(self.nodes):
            self.join(node)
            self.quicken(node)

    def destroy(self):
        for node in self._made:
            self._ip("netns", "delete", self._namespace(node))
        self._made = []

    def _make(self, node):
        self._ip("netns", "add", self._namespace(node))
        self._made.append(node)

    def _namespace(self, node):
        return f"{self.name}-{node}"

    @staticmethod
    def _address(node):
        return f"10.77.0.{node + 1}"

    @staticmethod
    def _ip(*arguments):
        subprocess.run(["ip", *map(str, arguments)], check=True, capture_output=True)


def why_not():
    """Why there can be no namespaces here; None where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    try:
        site = Namespaces(f"actdiff-chaos-{os.getpid()}-try", 2)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"network namespaces could not be made: {getattr(error, 'stderr', error)}"
    site.destroy()
    return None


def has_netem():
    """Whether `slow` can delay, lose and duplicate packets here."""
    site = Namespaces(f"actdiff-chaos-{os.getpid()}-netem", 1)
    try:
        command = ["tc", "-n", f"{site.name}-0", "qdisc", "add", "dev", "net0", "root", "netem", "delay", "1ms"]
        return subprocess.run(command, capture_output=True).returncode == 0
    finally:
        site.destroy()
