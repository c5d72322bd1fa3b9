"""A patient operator: submits jobs, watches them, fetches bundles, and repeats whatever fails meanwhile."""
import shutil

from processes import Command, Failure

# Jobs that have not ended at a time, so that there are always shards to disturb.
JOBS_AT_A_TIME = 2
# Of operator's commands: the coordinator is away, or came back with less to say. Both pass.
PASSING = {69, 75, None}
# What is said to somebody who wants to end or retry a job that has ended well meanwhile, or runs already.
ENDED_BEFORE = "found one that is"
# What is said of a job during whose planning the coordinator was killed twice.
DIED_WITH = "coordinators that died of it"
# What is said of a job whose models were changed while it was planned or computed.
CHANGED = ("a change", "the files the job was planned with", "No such file", "adapter_model.safetensors")


class Operator:
    """Does one thing at a time, without waiting for it: `tick` looks whether it is done."""

    def __init__(self, cluster, jobs, shapes, cancels=()):
        """`cancels` tells of each job by its place whether it is cancelled soon after it was submitted."""
        self.cluster, self.jobs, self.shapes, self.cancels = cluster, jobs, shapes, cancels
        self.submitted = 0
        self.to_cancel = set()
        self.retried = 0
        self.states = {}       # every job that the coordinator lists: its state
        self.saved = {}        # a job: the folder with its bundle
        self._command = None
        self._then = None
        self._looked_after_end = False

    @property
    def is_done(self):
        return self._looked_after_end and len(self.saved) + len(self.cancelled) == len(self.states)

    @property
    def has_ended(self):
        return all(state in ("done", "cancelled") for state in self.states.values())

    @property
    def cancelled(self):
        return {job for job, state in self.states.items() if state == "cancelled"}

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
        running = [job for job, state in self.states.items() if state not in ("done", "cancelled")]
        to_retry = [job for job in running if self.states[job] in ("failed", "partial")]
        to_cancel = [job for job in running if job in self.to_cancel and job not in to_retry]
        if wants_more and len(running) < JOBS_AT_A_TIME or not self.submitted:
            self._ask(self._submitted, "submit", "--no-wait", self._file(self.shapes[self.submitted % len(self.shapes)]))
        elif to_cancel:
            self._ask(lambda *ended: self._cancelled(to_cancel[0], *ended), "cancel", to_cancel[0])
        elif to_retry:
            self._ask(lambda *ended: self._retried(to_retry[0], *ended), "retry", to_retry[0])
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
            job = output.strip()
            if self.submitted < len(self.cancels) and self.cancels[self.submitted]:
                self.to_cancel.add(job)
            self.submitted += 1
            self.states[job] = "planning"
        else:
            # It may have been taken nevertheless, its answer lost: then there is one job more, and the list says so.
            self._passing("submit", status, errors)

    def _file(self, shape):
        if not self.cluster.inputs:
            return self.jobs.file(shape)
        return self.jobs.write(shape, self.cluster.place.folder, self.cluster.models)

    def _cancelled(self, job, status, output, errors):
        if status == 0 or f"{ENDED_BEFORE} cancelled" in errors:
            self.states[job] = "cancelled"
        elif ENDED_BEFORE in errors:
            self.to_cancel.discard(job)
        else:
            self._passing(f"cancel {job}", status, errors)

    def _retried(self, job, status, output, errors):
        if status == 0:
            self.retried += 1
            self.states[job] = "planning"
        elif ENDED_BEFORE not in errors:
            self._passing(f"retry {job}", status, errors)

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
            if state in ("failed", "partial") and not self._may_fail(job):
                # Nobody could say why; the next list asks again.
                listed[job] = "running"
            if state == "cancelled" and self.states.get(job) != state and job not in self.to_cancel:
                raise Failure(f"{job} is cancelled, and nobody asked for it")
            if self.states.get(job) in ("done", "cancelled") and state != self.states[job]:
                raise Failure(f"{job} was {self.states[job]}, and is {state}")
        self.states = listed
        self._looked_after_end = not wants_more and self.has_ended

    def _may_fail(self, job):
        """A job may fail where its models changed, or where its plan died with two coordinators, and it must say so. It is
        tried again then. False where the coordinator did not say what was wrong."""
        if not (error := self._error(job)):
            return False
        is_changed = self.cluster.inputs and any(word in error for word in CHANGED)
        if not is_changed and DIED_WITH not in error:
            raise Failure(error)
        return True

    def _error(self, job):
        command = Command(self.cluster.operator("show", job), self.cluster.place.environment)
        command.process.wait(20)
        return command.poll()[1]

    @staticmethod
    def _passing(what, status, errors):
        if status not in PASSING:
            raise Failure(f"{what} ended with status {status}: {errors.strip()}")
