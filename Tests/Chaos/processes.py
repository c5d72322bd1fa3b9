"""Processes of the program under test, kept running the way systemd would."""
import os, signal, subprocess, time
from pathlib import Path

# The units in deploy/ do not restart after these: usage, bad data, authentication, configuration.
FINAL = {64: "usage", 65: "bad data", 77: "authentication", 78: "configuration"}
RESTART_SECONDS = 0.3
START = "--- start at"


class Failure(Exception):
    """The program did what it must not do."""


class Supervised:
    """A daemon in a place of its own: started, watched, started again; its log goes on through restarts."""

    def __init__(self, name, command, log, environment):
        self.name, self.command, self.log, self.environment = name, command, Path(log), environment
        self.process = None
        self.start_at = None      # when to start it, while it is down
        self.dying = None         # (signal, pause before the next start or None for never) once we have sent its death
        self.is_paused = False
        self.exits = []           # statuses it ended with of its own accord and was started again after
        self.peak_kib = 0

    @property
    def is_up(self):
        return self.process is not None

    def start(self):
        with open(self.log, "ab") as log:
            log.write(f"{START} {time.time():.3f}\n".encode())
            log.flush()
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment, start_new_session=True)
        self.start_at = None

    def kill(self, pause):
        """SIGKILL, and a new start after a pause."""
        self._end(signal.SIGKILL, pause)
        self.process.wait()
        self.poll(time.monotonic())

    def ask_to_end(self, pause):
        """SIGTERM: it must end with status 0. `pause` before the next start; None for no next start."""
        self._end(signal.SIGTERM, pause)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        self.is_paused = True

    def resume(self):
        if self.is_up:
            self.process.send_signal(signal.SIGCONT)
        self.is_paused = False

    def _end(self, number, pause):
        # A killing after a polite request ends it all the same; the pause of the later word counts.
        self.dying = (number, pause)
        self.process.send_signal(number)

    def poll(self, now):
        """Takes note of an end, and starts again when it is time. Raises Failure for an end that must not be."""
        if self.process is None:
            if self.start_at is not None and now >= self.start_at:
                self.start()
            return
        self.sample_memory()
        status = self.process.poll()
        if status is None:
            return
        dying, self.process, self.dying, self.is_paused = self.dying, None, None, False
        if dying and self._is_what_was_sent(dying[0], status):
            self.start_at = None if dying[1] is None else now + dying[1]
            return
        asked = dying is not None and dying[0] == signal.SIGTERM
        ending = f"{self.name} ended with {describe(status)}" + (" when asked to end" if asked else " by itself")
        if status <= 0 or status in FINAL or asked:
            raise Failure(f"{ending}: {self.last_line()}")
        self.exits.append(f"{ending}: {self.last_line()}")
        self.start_at = now + RESTART_SECONDS

    def _is_what_was_sent(self, number, status):
        if status == -number:
            # A polite request that came before the program could listen for it.
            return number == signal.SIGKILL or self.last_line() == ""
        return status == 0

    def sample_memory(self):
        """The kernel's own record of the most memory that the process ever had."""
        try:
            for line in open(f"/proc/{self.process.pid}/status"):
                if line.startswith("VmHWM:"):
                    self.peak_kib = max(self.peak_kib, int(line.split()[1]))
        except OSError:
            pass

    def has_said(self, text, since):
        """Whether its log has the text after so many bytes."""
        with open(self.log, "rb") as log:
            log.seek(since)
            return text in log.read()

    def last_line(self):
        """The last that it said since its last start."""
        line = self.log.read_text(errors="replace").splitlines()[-1]
        return "" if line.startswith(START) else line[-300:]

    def destroy(self):
        """The end of everything, from whatever state."""
        self.start_at = None
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def describe(status):
    if status < 0:
        return signal.Signals(-status).name
    return f"status {status}" + (f" ({FINAL[status]})" if status in FINAL else "")


class Command:
    """An operator's command that must not hold anybody up: it is polled, and ended when it takes too long."""

    def __init__(self, arguments, environment, patience=8.0):
        self.arguments = arguments
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment, start_new_session=True)
        self.give_up_at = time.monotonic() + patience

    def poll(self):
        """None while it runs, then (status, output, errors); a command that took too long has no status."""
        if self.process.poll() is None:
            if time.monotonic() < self.give_up_at:
                return None
            self.process.kill()
            self.process.communicate()
            return None, "", "no patience"
        output, errors = self.process.communicate()
        return self.process.returncode, output.decode(errors="replace"), errors.decode(errors="replace")

    def destroy(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
