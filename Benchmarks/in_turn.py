"""Programs that are measured on a shared machine: several are under way at a time, and each in turn is stopped while
another goes on, so that what the machine does meanwhile meets all of them alike. One after the other, they would differ by
a tenth for no reason of their own."""
import re, subprocess, sys, time

SLICE_SECONDS = 1.5
LOOK_SECONDS = 0.01


class Program:
    """A process with its children, and for how many seconds it was not stopped.

    What it prints goes to `log`. Where `begins` is given, seconds count from when a line like that is there; where `ends`
    is, up to when that is.
    """

    def __init__(self, command, log, begins=None, ends=None):
        self.command, self.log = [str(part) for part in command], log
        self.begins, self.ends = begins, ends
        self.process = None
        self.before, self.since = 0.0, None
        self.begun = None if begins else 0.0
        self.done = None

    @property
    def active(self):
        """Seconds since it was started, without those that it was stopped for."""
        return self.before + (time.perf_counter() - self.since if self.since else 0)

    @property
    def seconds(self):
        """How long that took which is to be measured; it must have ended."""
        return self.done - self.begun

    @property
    def has_ended(self):
        return self.process is not None and self.process.poll() is not None

    def text(self):
        return self.log.read_text()

    def go_on(self):
        """Starts it, or lets it go on."""
        self.since = time.perf_counter()
        if self.process is None:
            with open(self.log, "w") as log:
                self.process = subprocess.Popen(self.command, stdout=log, stderr=log, start_new_session=True)
        else:
            self.signal("CONT")

    def stop(self):
        self.before, self.since = self.active, None
        self.signal("STOP")

    def signal(self, name):
        # Workers have process groups of their own, but the session of their parent.
        subprocess.run(["pkill", f"-{name}", "--session", str(self.process.pid)])

    def look(self):
        """Sees what it has printed so far."""
        if self.begun is None and re.search(self.begins, self.text(), re.M):
            self.begun = self.active
        if self.done is None and (self.has_ended or self.ends and re.search(self.ends, self.text(), re.M)):
            self.done = self.active

    def watch(self):
        """Waits for a while, or until it has ended. What comes before its beginning is not counted as part of the while."""
        until = None
        while not self.has_ended and (until is None or time.perf_counter() < until):
            self.look()
            if until is None and self.begun is not None:
                until = time.perf_counter() + SLICE_SECONDS
            time.sleep(LOOK_SECONDS)
        self.look()

    def check(self):
        if self.process.poll():
            sys.exit(f"{' '.join(self.command)}\nended with status {self.process.returncode}:\n{self.text()}")
        if self.begun is None or self.done is None:
            sys.exit(f"{' '.join(self.command)}\nended without saying {self.begins} and {self.ends}:\n{self.text()}")

    def kill(self):
        if self.process is not None:
            self.signal("KILL")
            self.process.wait()


def run_in_turn(*sides):
    """Runs the programs of each side one after the other, and the sides in turn; what a longer side has left runs alone."""
    queues = [list(side) for side in sides]
    try:
        while any(queues):
            for queue in filter(None, queues):
                queue[0].go_on()
                queue[0].watch()
                queue[0].stop()
                if queue[0].has_ended:
                    queue[0].look()  # It may have ended while it was being stopped.
                    queue.pop(0).check()
    finally:
        for program in sum(map(list, sides), []):
            program.kill()
