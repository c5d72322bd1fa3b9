"""What is printed."""
import sys
from collections import Counter


def seed_line(outcome):
    faults = sum(outcome.faults.values())
    end = "ok" if not outcome.failure else f"FAILED  {outcome.failure}\n       logs: {outcome.folder}"
    more = f"  {len(outcome.exits)} exits" if outcome.exits else ""
    return (f"seed {outcome.seed:<6} {outcome.mode:<8} {faults:3} faults {outcome.jobs:3} jobs "
            f"{outcome.seconds:6.1f} s{more}  {end}")


def summary(outcomes, skipped, seconds):
    """Prints the totals; returns the exit status."""
    faults = sum((outcome.faults for outcome in outcomes), Counter())
    failed = [outcome for outcome in outcomes if outcome.failure]
    modes = Counter(outcome.mode for outcome in outcomes)
    say = print
    say()
    say(f"seeds        {len(outcomes)} in {seconds / 60:.1f} min ("
        + ", ".join(f"{mode} {count}" for mode, count in sorted(modes.items())) + ")")
    for mode, (reason, count) in sorted(skipped.items()):
        say(f"NOT RUN      {count or 'all'} seeds of mode {mode}: {reason}")
    say(f"faults       {sum(faults.values())} (and {sum(o.missed for o in outcomes)} that found nothing to disturb)")
    for kind, count in faults.most_common():
        say(f"  {count:6}  {kind}")
    say(f"frames       {sum(o.frames for o in outcomes)} harmed")
    say(f"lies         {sum(o.lies for o in outcomes)} told, {sum(o.convictions for o in outcomes)} liars convicted; in stories: "
        + (", ".join(f"{count} {event}" for event, count in sum((o.alarms for o in outcomes), Counter()).items()) or "none"))
    say(f"verified     {sum(o.verified for o in outcomes)} shards, by two workers each or more")
    say(f"operators    {sum(o.cancelled for o in outcomes)} jobs cancelled, {sum(o.retried for o in outcomes)} retried")
    say(f"jobs         {sum(o.jobs for o in outcomes)} with {sum(o.shards for o in outcomes)} shards, "
        f"each committed once; {sum(o.granted for o in outcomes)} leases")
    say(f"store        read {sum(o.looks for o in outcomes)} times while the coordinator was dead")
    for line, count in Counter(line for o in outcomes for line in o.exits).most_common(10):
        say(f"exit         {count} times: {line}")
    say(f"memory       coordinator at most {max((o.coordinator_kib for o in outcomes), default=0) / 1024:.0f} MiB, "
        f"workers at most {max((o.worker_kib for o in outcomes), default=0) / 1024:.0f} MiB")
    say(f"mismatches   {sum(o.mismatches for o in outcomes)}")
    say(f"failures     {len(failed)}" + "".join(f"\n  seed {o.seed}: {o.failure}\n    logs: {o.folder}" for o in failed))
    # So that checks for what was seen cannot pass because nothing can be seen.
    unseen = [what for what, is_unseen in [
        ("lies were told, and no shard was disputed", any(o.lies for o in outcomes)
            and not any(o.alarms["disputed"] for o in outcomes)),
        ("jobs with verify ran, and no shard was verified", any("checked" in o.shapes for o in outcomes)
            and not any(o.verified for o in outcomes)),
    ] if is_unseen]
    for what in unseen:
        say(f"UNSEEN       {what}")
    sys.stdout.flush()
    return 1 if failed or unseen or not outcomes else 0
