import Inputs

extension OperatorRequest {
    private enum Kind: String {
        case submit, list, show, cancel, retry, remove, prune, story, workers, bundleFiles, fetch
    }

    func write(to writer: inout ByteWriter) throws {
        switch self {
        case .submit(let ticket, let kind, let name, let specText, let specFile, let folder):
            try writer.name(Kind.submit, "request")
            ticket.write(to: &writer)
            try writer.string(kind, "submit.kind", limit: WireLimits.nameBytes)
            try writer.string(name, "submit.name", limit: WireLimits.nameBytes)
            try writer.string(specText, "submit.specText", limit: WireLimits.specBytes)
            try writer.string(specFile, "submit.specFile", limit: WireLimits.pathBytes)
            try writer.string(folder, "submit.folder", limit: WireLimits.pathBytes)
        case .list: try writer.name(Kind.list, "request")
        case .show(let job):
            try writer.name(Kind.show, "request")
            try job.write(to: &writer, "show.job")
        case .cancel(let job):
            try writer.name(Kind.cancel, "request")
            try job.write(to: &writer, "cancel.job")
        case .retry(let job):
            try writer.name(Kind.retry, "request")
            try job.write(to: &writer, "retry.job")
        case .remove(let job):
            try writer.name(Kind.remove, "request")
            try job.write(to: &writer, "remove.job")
        case .prune(let seconds, let isTrial):
            try writer.name(Kind.prune, "request")
            try writer.integer(seconds, "prune.olderThan", limit: .max)
            try writer.integer(isTrial ? 1 : 0, "prune.isTrial", limit: 1)
        case .story(let job, let shard):
            try writer.name(Kind.story, "request")
            try job.write(to: &writer, "story.job")
            try writer.integer(shard, "story.shard", limit: WireLimits.shards)
        case .workers: try writer.name(Kind.workers, "request")
        case .bundleFiles(let job):
            try writer.name(Kind.bundleFiles, "request")
            try job.write(to: &writer, "bundleFiles.job")
        case .fetch(let job, let file, let offset):
            try writer.name(Kind.fetch, "request")
            try job.write(to: &writer, "fetch.job")
            try writer.string(file, "fetch.file", limit: WireLimits.pathBytes)
            try writer.integer(offset, "fetch.offset", limit: .max)
        }
    }

    init(from reader: inout ByteReader) throws {
        switch try reader.name("request", as: Kind.self) {
        case .submit:
            self = .submit(
                ticket: try InstanceID(from: &reader, "submit.ticket"),
                kind: try reader.string("submit.kind", limit: WireLimits.nameBytes),
                name: try reader.string("submit.name", limit: WireLimits.nameBytes),
                specText: try reader.string("submit.specText", limit: WireLimits.specBytes),
                specFile: try reader.string("submit.specFile", limit: WireLimits.pathBytes),
                folder: try reader.string("submit.folder", limit: WireLimits.pathBytes))
        case .list: self = .list
        case .show: self = .show(try JobID(from: &reader, "show.job"))
        case .cancel: self = .cancel(try JobID(from: &reader, "cancel.job"))
        case .retry: self = .retry(try JobID(from: &reader, "retry.job"))
        case .remove: self = .remove(try JobID(from: &reader, "remove.job"))
        case .prune:
            self = .prune(
                olderThan: try reader.integer("prune.olderThan", limit: .max),
                isTrial: try reader.integer("prune.isTrial", limit: 1) == 1)
        case .story:
            self = .story(
                try JobID(from: &reader, "story.job"),
                shard: try reader.integer("story.shard", limit: WireLimits.shards))
        case .workers: self = .workers
        case .bundleFiles: self = .bundleFiles(try JobID(from: &reader, "bundleFiles.job"))
        case .fetch:
            self = .fetch(
                try JobID(from: &reader, "fetch.job"),
                file: try reader.string("fetch.file", limit: WireLimits.pathBytes),
                offset: try reader.integer("fetch.offset", limit: .max))
        }
    }
}

extension OperatorReply {
    private enum Kind: String {
        case submitted, jobs, job, cancelled, retrying, removed, story, workers, files, bytes, failure
    }

    func write(to writer: inout ByteWriter) throws {
        switch self {
        case .submitted(let job):
            try writer.name(Kind.submitted, "reply")
            try job.write(to: &writer, "submitted.job")
        case .jobs(let jobs):
            try writer.name(Kind.jobs, "reply")
            try writer.list(jobs, "jobs", limit: WireLimits.rows) { try $1.write(to: &$0) }
        case .job(let detail):
            try writer.name(Kind.job, "reply")
            try detail.summary.write(to: &writer)
            try writer.list(detail.quarantined, "job.quarantined", limit: WireLimits.listedShards) {
                try $1.write(to: &$0)
            }
            try detail.verification.write(to: &writer)
            try writer.optional(detail.numberSystem) {
                try $0.string($1, "job.numberSystem", limit: WireLimits.nameBytes)
            }
            try writer.list(detail.workers, "job.workers", limit: WireLimits.rows) { try $1.write(to: &$0) }
        case .cancelled: try writer.name(Kind.cancelled, "reply")
        case .retrying(let shards):
            try writer.name(Kind.retrying, "reply")
            try writer.optional(shards) { try $0.integer($1, "retrying.shards", limit: WireLimits.shards) }
        case .removed: try writer.name(Kind.removed, "reply")
        case .story(let lines):
            try writer.name(Kind.story, "reply")
            try writer.list(lines, "story", limit: WireLimits.rows) { try $1.write(to: &$0) }
        case .workers(let workers):
            try writer.name(Kind.workers, "reply")
            try writer.list(workers, "workers", limit: WireLimits.rows) { try $1.write(to: &$0) }
        case .files(let files):
            try writer.name(Kind.files, "reply")
            try writer.list(files, "files", limit: WireLimits.rows) { try $1.write(to: &$0) }
        case .bytes(let bytes, let total):
            try writer.name(Kind.bytes, "reply")
            try writer.array(bytes, "bytes.bytes", limit: WireLimits.fileBytes)
            try writer.integer(total, "bytes.total", limit: .max)
        case .failure(let error):
            try writer.name(Kind.failure, "reply")
            try error.write(to: &writer, "failure.error")
        }
    }

    init(from reader: inout ByteReader) throws {
        switch try reader.name("reply", as: Kind.self) {
        case .submitted: self = .submitted(try JobID(from: &reader, "submitted.job"))
        case .jobs: self = .jobs(try reader.list("jobs", limit: WireLimits.rows) { try JobSummary(from: &$0) })
        case .job:
            self = .job(
                JobDetail(
                    summary: try JobSummary(from: &reader),
                    quarantined: try reader.list("job.quarantined", limit: WireLimits.listedShards) {
                        try QuarantinedShard(from: &$0)
                    },
                    verification: try VerificationCount(from: &reader),
                    numberSystem: try reader.optional("job.numberSystem") {
                        try $0.string("job.numberSystem", limit: WireLimits.nameBytes)
                    },
                    workers: try reader.list("job.workers", limit: WireLimits.rows) { try WorkerSummary(from: &$0) }))
        case .cancelled: self = .cancelled
        case .retrying:
            self = .retrying(
                shards: try reader.optional("retrying.shards") {
                    try $0.integer("retrying.shards", limit: WireLimits.shards)
                })
        case .removed: self = .removed
        case .story: self = .story(try reader.list("story", limit: WireLimits.rows) { try StoryLine(from: &$0) })
        case .workers:
            self = .workers(try reader.list("workers", limit: WireLimits.rows) { try WorkerSummary(from: &$0) })
        case .files: self = .files(try reader.list("files", limit: WireLimits.rows) { try BundleFile(from: &$0) })
        case .bytes:
            self = .bytes(
                try reader.array("bytes.bytes", limit: WireLimits.fileBytes),
                total: try reader.integer("bytes.total", limit: .max))
        case .failure: self = .failure(try InputError(from: &reader, "failure.error"))
        }
    }
}

extension JobSummary {
    func write(to writer: inout ByteWriter) throws {
        try id.write(to: &writer, "job.id")
        try writer.string(name, "job.name", limit: WireLimits.nameBytes)
        try writer.name(state, "job.state")
        try writer.integer(shardsDone, "job.shardsDone", limit: .max)
        try writer.integer(shardsTotal, "job.shardsTotal", limit: .max)
        try writer.integer(tokensDone, "job.tokensDone", limit: .max)
        try writer.integer(tokensTotal, "job.tokensTotal", limit: .max)
        try writer.integer(quarantined, "job.quarantined", limit: .max)
        try writer.optional(error) { try $1.write(to: &$0, "job.error") }
        try writer.integer(submitted, "job.submitted", limit: .max)
    }

    init(from reader: inout ByteReader) throws {
        id = try JobID(from: &reader, "job.id")
        name = try reader.string("job.name", limit: WireLimits.nameBytes)
        state = try reader.name("job.state")
        shardsDone = try reader.integer("job.shardsDone", limit: .max)
        shardsTotal = try reader.integer("job.shardsTotal", limit: .max)
        tokensDone = try reader.integer("job.tokensDone", limit: .max)
        tokensTotal = try reader.integer("job.tokensTotal", limit: .max)
        quarantined = try reader.integer("job.quarantined", limit: .max)
        error = try reader.optional("job.error") { try InputError(from: &$0, "job.error") }
        submitted = try reader.integer("job.submitted", limit: .max)
    }
}

extension WorkerSummary {
    func write(to writer: inout ByteWriter) throws {
        try writer.string(name, "worker.name", limit: WireLimits.nameBytes)
        try writer.string(host, "worker.host", limit: WireLimits.nameBytes)
        try writer.string(numberSystem, "worker.numberSystem", limit: WireLimits.nameBytes)
        try writer.name(state, "worker.state")
        try writer.integer(leases, "worker.leases", limit: WireLimits.leases)
        try writer.optional(running) { try $1.write(to: &$0, "worker.running") }
        try writer.list(unfit, "worker.unfit", limit: WireLimits.tasks) { writer, unfit in
            try unfit.job.write(to: &writer, "worker.unfit")
            try unfit.error.write(to: &writer, "worker.unfit")
        }
    }

    init(from reader: inout ByteReader) throws {
        name = try reader.string("worker.name", limit: WireLimits.nameBytes)
        host = try reader.string("worker.host", limit: WireLimits.nameBytes)
        numberSystem = try reader.string("worker.numberSystem", limit: WireLimits.nameBytes)
        state = try reader.name("worker.state")
        leases = try reader.integer("worker.leases", limit: WireLimits.leases)
        running = try reader.optional("worker.running") { try LeaseID(from: &$0, "worker.running") }
        unfit = try reader.list("worker.unfit", limit: WireLimits.tasks) { reader in
            Unfitness(
                job: try JobID(from: &reader, "worker.unfit"), error: try InputError(from: &reader, "worker.unfit"))
        }
    }
}

extension QuarantinedShard {
    func write(to writer: inout ByteWriter) throws {
        try writer.integer(shard, "quarantined.shard", limit: WireLimits.shards)
        try error.write(to: &writer, "quarantined.error")
    }

    init(from reader: inout ByteReader) throws {
        shard = try reader.integer("quarantined.shard", limit: WireLimits.shards)
        error = try InputError(from: &reader, "quarantined.error")
    }
}

extension VerificationCount {
    func write(to writer: inout ByteWriter) throws {
        for count in [wanted, agreed, disagreed, skipped, voices] {
            try writer.integer(count, "verification", limit: .max)
        }
    }

    init(from reader: inout ByteReader) throws {
        wanted = try reader.integer("verification.wanted", limit: .max)
        agreed = try reader.integer("verification.agreed", limit: .max)
        disagreed = try reader.integer("verification.disagreed", limit: .max)
        skipped = try reader.integer("verification.skipped", limit: .max)
        voices = try reader.integer("verification.voices", limit: .max)
    }
}

extension StoryLine {
    func write(to writer: inout ByteWriter) throws {
        try writer.integer(at, "story.at", limit: .max)
        try writer.integer(epoch, "story.epoch", limit: WireLimits.shards)
        try writer.string(event, "story.event", limit: WireLimits.nameBytes)
        try writer.string(worker, "story.worker", limit: WireLimits.nameBytes)
        try writer.text(reason, "story.reason")
    }

    init(from reader: inout ByteReader) throws {
        at = try reader.integer("story.at", limit: .max)
        epoch = try reader.integer("story.epoch", limit: WireLimits.shards)
        event = try reader.string("story.event", limit: WireLimits.nameBytes)
        worker = try reader.string("story.worker", limit: WireLimits.nameBytes)
        reason = try reader.text("story.reason")
    }
}

extension BundleFile {
    func write(to writer: inout ByteWriter) throws {
        try writer.string(name, "file.name", limit: WireLimits.pathBytes)
        try writer.integer(size, "file.size", limit: .max)
        digest.write(to: &writer)
    }

    init(from reader: inout ByteReader) throws {
        name = try reader.string("file.name", limit: WireLimits.pathBytes)
        size = try reader.integer("file.size", limit: .max)
        digest = try Digest(from: &reader, "file.digest")
    }
}
