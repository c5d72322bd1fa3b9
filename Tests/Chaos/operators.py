"""A patient operator: submits jobs, watches them, fetches bundles, and repeats whatever fails meanwhile."""
import shutil

from processes import Command, Failure

# Jobs that have not ended at a time, so that there are always shards to disturb.
JOBS_AT_A_TIME = 2
# Of operator's commands: the coordinator is away, or came back with less to say. Both pass.
PASSING = {69, 75, None}


class Operator:
    """Does one thing at a time, without waiting for it: `tick` looks whether it is done."""

    def __init__(self, cluster, jobs, shapes):
        self.cluster, self.jobs, self.shapes = cluster, jobs, shapes
        self.submitted = 0
        self.states = {}       # every job that the coordinator lists: its state
        self.saved = {}        # a job: the folder with its bundle
        self._command = None
        self._then = None
        self._looked_after_end = False

    @property
    def is_done(self):
        return self._looked_after_end and len(self.saved) == len(self.states)

    @property
    def where_it_stands(self):
        return f"jobs stand at {self.states}, {len(self.saved)} bundles are fetched"

    def tick(self, wants_more):
        if self._command is None:
            self._begin_next(wants_more)
        ended = self._command.poll()
        if ended is None:
            return
        then, self._command, self._then = self._then, None, None
        then(*ended)

    def destroy(self):
        if self._command:
            self._command.destroy()

    def _begin_next(self, wants_more):
        unsaved = [job for job, state in self.states.items() if state == "done" and job not in self.saved]
        running = [job for job, state in self.states.items() if state != "done"]
        if wants_more and len(running) < JOBS_AT_A_TIME or not self.submitted:
            self._ask(self._submitted, "submit", "--no-wait", self.jobs.file(self.shapes[self.submitted % len(self.shapes)]))
        elif unsaved:
            job = unsaved[0]
            folder = self.cluster.place.folder / f"bundle.{job}"
            self._ask(lambda *ended: self._fetched(job, folder, *ended), "results", job, "--save", folder, "--top", "0")
        else:
            self._ask(lambda *ended: self._listed(wants_more, *ended), "jobs")

    def _ask(self, then, *arguments):
        self._command = Command(self.cluster.operator(*map(str, arguments)), self.cluster.place.environment)
        self._then = then

    def _submitted(self, status, output, errors):
        if status == 0:
            self.submitted += 1
            self.states[output.strip()] = "planning"
        else:
            # It may have been taken nevertheless, its answer lost: then there is one job more, and the list says so.
            self._passing("submit", status, errors)

    def _fetched(self, job, folder, status, output, errors):
        if status == 0:
            self.saved[job] = folder
        else:
            self._passing(f"results {job}", status, errors)
            if folder.exists():
                raise Failure(f"results {job} failed with status {status} and left {folder}")

    def _listed(self, wants_more, status, output, errors):
        if status != 0:
            return self._passing("jobs", status, errors)
        listed = dict(line.split()[:2] for line in output.splitlines())
        for job in self.states:
            if job not in listed:
                raise Failure(f"{job} was submitted, and is no longer among the jobs: {output}")
        for job, state in listed.items():
            if state in ("failed", "cancelled", "partial"):
                raise Failure(f"{job} {state}: {self._error(job)}")
            if self.states.get(job) == "done" and state != "done":
                raise Failure(f"{job} was done, and is {state}")
        self.states = listed
        self._looked_after_end = not wants_more and all(state == "done" for state in listed.values())

    def _error(self, job):
        command = Command(self.cluster.operator("show", job), self.cluster.place.environment)
        command.process.wait(20)
        return command.poll()[1]

    @staticmethod
    def _passing(what, status, errors):
        if status not in PASSING:
            raise Failure(f"{what} ended with status {status}: {errors.strip()}")
