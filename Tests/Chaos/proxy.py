"""What stands between workers and their coordinator: a TCP forwarder that knows frames and can do them harm.

Each worker has a link of its own with two channels (control, data), each with an address that the worker connects to.
Everything happens on one thread; faults are put on a link from the outside, under its lock.
"""
import random, select, socket, threading, time
from collections import deque

from lies import lie
from zmtp import Frames

UP, DOWN = "up", "down"          # towards the coordinator, towards the worker
PORTS = {"control": 5611, "data": 5612}
READ_BYTES = 1 << 16
MOST_QUEUED_BYTES = 1 << 20      # of one direction: then nothing more is read, as a network would do


class Harm:
    """Something to be done to the next frames of a channel in one direction."""

    def __init__(self, what, amount=1, dice=0, seconds=0.0):
        self.what, self.left, self.seconds = what, amount, seconds
        self.dice = random.Random(dice)
        self.hits = 0


class Link:
    """A worker's way to the coordinator."""

    def __init__(self):
        self.stalled_until = 0.0      # nothing is forwarded, no connection is accepted, none is closed
        self.delay = 0.0              # seconds that every byte takes longer
        self.harms = {(channel, way): deque() for channel in PORTS for way in (UP, DOWN)}
        self.must_reset = False
        self.bytes_forwarded = 0


class Flow:
    """One direction of a connection."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.frames = Frames()
        self.queue = deque()          # (when it may leave, bytes)
        self.queued = 0
        self.has_spoken = False       # a message has passed: the handshake is over
        self.source_ended = self.target_told = False

    def put(self, data, due):
        if data:
            self.queue.append((due, data))
            self.queued += len(data)


class Connection:
    """A worker's connection on one channel and the proxy's own one to the coordinator."""

    def __init__(self, link, channel, worker, coordinator):
        self.link, self.channel = link, channel
        self.flows = {UP: Flow(worker, coordinator), DOWN: Flow(coordinator, worker)}
        self.is_open = True

    def close(self):
        self.is_open = False
        for flow in self.flows.values():
            flow.source.close()


class Proxy:
    """All links of a cluster."""

    def __init__(self, network, most_workers):
        self.lock = threading.Lock()
        self.links = [Link() for _ in range(most_workers)]
        self._network = network
        self._listeners = {}
        for index, link in enumerate(self.links):
            for channel, port in PORTS.items():
                listener = socket.create_server((self._host(index), port), backlog=64)
                listener.setblocking(False)
                self._listeners[listener] = (link, channel)
        self._connections = []
        self._replays = []            # (when, link, channel, way, bytes)
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    def _host(self, index):
        return f"{self._network}.{10 + index}"

    def endpoints(self, index):
        """Control and data, as a worker connects to them."""
        return tuple(f"tcp://{self._host(index)}:{port}" for port in PORTS.values())

    def harm(self, index, channel, way, harm):
        with self.lock:
            self.links[index].harms[channel, way].append(harm)

    def stall(self, indices, seconds):
        with self.lock:
            for index in indices:
                self.links[index].stalled_until = time.monotonic() + seconds

    def slow(self, index, delay):
        with self.lock:
            self.links[index].delay = delay

    def reset(self, index):
        """Closes a link's connections. Returns whether there were any."""
        with self.lock:
            link = self.links[index]
            link.must_reset = any(connection.link is link for connection in self._connections)
            return link.must_reset

    def end_lies(self):
        with self.lock:
            for harms in self.links[0].harms.values():
                for harm in [harm for harm in harms if harm.what == "lie"]:
                    harms.remove(harm)

    def heal(self):
        """Forwards everything from here on."""
        with self.lock:
            for link in self.links:
                link.stalled_until = link.delay = 0.0
                for harms in link.harms.values():
                    harms.clear()
            self._replays.clear()

    def destroy(self):
        self._is_ending = True
        self._thread.join()

    # On the thread.

    def _run(self):
        while not self._is_ending:
            with self.lock:
                readers, writers, wait = self._interests(time.monotonic())
            readable, writable, _ = select.select(list(readers), list(writers), [], wait)
            with self.lock:
                now = time.monotonic()
                self._replay(now)
                for one in readable:
                    if one in self._listeners:
                        self._accept(one)
                    elif readers[one][0].is_open:
                        self._read(*readers[one], now)
                for one in writable:
                    if writers[one][0].is_open:
                        self._write(*writers[one], now)
                self._close_what_ended()
        for connection in self._connections:
            connection.close()
        for listener in self._listeners:
            listener.close()

    def _interests(self, now):
        """What to wait for: sockets to read with their flows, sockets to write with theirs, and for how long."""
        readers, writers, wait = {}, {}, 0.05
        for listener, (link, _) in self._listeners.items():
            if link.stalled_until <= now:
                readers[listener] = None
        for connection in self._connections:
            if connection.link.stalled_until > now:
                continue
            for way, flow in connection.flows.items():
                if not flow.source_ended and flow.queued < MOST_QUEUED_BYTES:
                    readers[flow.source] = (connection, way)
                if flow.queue:
                    due = flow.queue[0][0]
                    if due <= now:
                        writers[flow.target] = (connection, way)
                    else:
                        wait = min(wait, due - now)
        return readers, writers, wait

    def _accept(self, listener):
        link, channel = self._listeners[listener]
        try:
            worker, _ = listener.accept()
        except OSError:
            return
        coordinator = socket.socket()
        for one in (worker, coordinator):
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        coordinator.connect_ex((f"{self._network}.1", PORTS[channel]))
        self._connections.append(Connection(link, channel, worker, coordinator))

    def _read(self, connection, way, now):
        flow = connection.flows[way]
        try:
            data = flow.source.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            # Refused, or reset by a peer that was killed: the other side learns it at once.
            return connection.close()
        if not data:
            flow.source_ended = True
            flow.put(bytes(flow.frames.rest), now)
            return
        due = now + connection.link.delay
        for piece, header in flow.frames.take(data):
            flow.has_spoken |= header is not None
            harms = connection.link.harms[connection.channel, way]
            if header is not None and harms:
                self._do(harms, connection, way, piece, header, due)
                if not connection.is_open:
                    return
            else:
                flow.put(piece, due)

    def _do(self, harms, connection, way, piece, header, due):
        """One message frame meets the first harm that waits for it."""
        flow = connection.flows[way]
        harm = harms[0]
        if harm.what == "lie":
            if (lied := lie(piece, header)) is None:
                return flow.put(piece, due)
            piece = lied
        harm.hits += 1
        harm.left -= 1
        if harm.left == 0:
            harms.popleft()
        match harm.what:
            case "lie":
                flow.put(piece, due)
            case "duplicate":
                flow.put(piece, due)
                flow.put(piece, due)
            case "replay":
                flow.put(piece, due)
                self._replays.append((due + harm.seconds, connection.link, connection.channel, way, piece))
            case "drop":
                pass
            case "hold":
                flow.put(piece, due + harm.seconds)
            case "corrupt" | "corrupt header":
                broken = bytearray(piece)
                places = (header, len(piece)) if harm.what == "corrupt" else (0, header)
                broken[harm.dice.randrange(*places)] ^= 1 << harm.dice.randrange(8)
                flow.put(bytes(broken), due)
            case "cut":
                try:
                    flow.target.send(piece[:header + (len(piece) - header) // 2])
                except OSError:
                    pass
                connection.close()

    def _replay(self, now):
        """Old messages come once more, on whatever connection the link then has."""
        for replay in [replay for replay in self._replays if replay[0] <= now]:
            self._replays.remove(replay)
            _, link, channel, way, piece = replay
            for connection in self._connections:
                flow = connection.flows[way]
                if (connection.link, connection.channel) == (link, channel) and flow.has_spoken:
                    flow.put(piece, now)

    def _write(self, connection, way, now):
        flow = connection.flows[way]
        try:
            while flow.queue and flow.queue[0][0] <= now:
                due, data = flow.queue[0]
                sent = flow.target.send(data)
                connection.link.bytes_forwarded += sent
                flow.queued -= sent
                if sent < len(data):
                    flow.queue[0] = (due, data[sent:])
                    return
                flow.queue.popleft()
        except BlockingIOError:
            return
        except OSError:
            connection.close()

    def _close_what_ended(self):
        for connection in self._connections:
            if connection.link.must_reset:
                connection.close()
            if not connection.is_open:
                continue
            flows = connection.flows.values()
            for flow in flows:
                if flow.source_ended and not flow.queue and not flow.target_told:
                    flow.target_told = True
                    try:
                        flow.target.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass
            if all(flow.target_told for flow in flows):
                connection.close()
        for link in self.links:
            link.must_reset = False
        self._connections = [connection for connection in self._connections if connection.is_open]
