import Inputs

extension LatentPage {
    /// Reads a latent's line. Throws `InputError` where it is not as the writer writes it.
    init(_ line: Document, latent: Int, models: [String], among latents: [Int]) throws {
        let found = try line.required("latent")
        guard try found.integer() == latent else {
            throw found.error(expected: "\(latent)", hint: "the file was changed after the job")
        }
        self.latent = latent
        source = try line.object()
        name = try line.optional("name")?.string()
        largest = try Self.byModel(line.required("largest"), models) { try $0.number() }
        active = try Self.byModel(line.required("active"), models) { try $0.integer(atLeast: 0) }
        histogram = try line.optional("histogram").map { try Self.histogram($0, models) }
        examples = try line.required("exemplars").list().map { try Self.example($0, models) }
        let count = examples.count
        groups =
            try line.optional("groups").map { groups in
                try groups.object().keys.sorted().map { name in
                    Group(name: name, members: try Self.members(groups.required(name), below: count))
                }
            } ?? []
        sample =
            try line.optional("sample")?.list().map { entry in
                Interval(
                    from: try entry.required("from").number(), to: try entry.required("to").number(),
                    share: try entry.required("share").number(),
                    members: try Self.members(entry.required("exemplars"), below: count))
            } ?? []
        neighbours = try line.optional("neighbours")?.list().map { entry in
            Neighbour(
                latent: try entry.required("latent").integer(atLeast: 0),
                cosine: try entry.required("cosine").number())
        }
        lens = try line.optional("lens").map { lens in
            Lens(
                highest: try lens.required("highest").list().map(Self.lensToken),
                lowest: try lens.required("lowest").list().map(Self.lensToken))
        }
        cosines = try line.optional("cosines")?.list().map { try $0.number() }
        guard cosines.map({ $0.count == latents.count }) ?? true else {
            throw try line.required("cosines").error(expected: "a number for each of the \(latents.count) latents")
        }
    }

    private static func byModel<Value>(
        _ value: Document, _ models: [String], _ read: (Document) throws -> Value
    ) throws -> [Value] {
        try models.map { try read(value.required($0)) }
    }

    private static func members(_ value: Document, below count: Int) throws -> [Int] {
        try value.list().map { entry in
            let index = try entry.integer(atLeast: 0)
            guard index < count else { throw entry.error(expected: "an example below \(count)") }
            return index
        }
    }

    private static func histogram(_ value: Document, _ models: [String]) throws -> Histogram {
        Histogram(
            width: try value.required("width").number(), firstBin: try value.required("first_bin").integer(),
            counts: try byModel(value.required("counts"), models) { counts in
                try counts.list().map { try $0.integer(atLeast: 0) }
            })
    }

    private static func example(_ value: Document, _ models: [String]) throws -> Example {
        let example = Example(
            document: try value.required("document").string(), peak: try value.required("peak").integer(atLeast: 0),
            offset: try value.required("offset").integer(),
            position: try value.required("position").integer(atLeast: 0),
            times: try value.required("times").integer(atLeast: 0),
            tokens: try value.required("tokens").list().map(token),
            activations: try byModel(value.required("activations"), models) { row in
                try row.list().map { try $0.number() }
            })
        let width = example.tokens.count
        guard example.peak < width, example.activations.allSatisfy({ $0.count == width }) else {
            throw InputError(
                value.place, expected: "an activation for each of the \(width) tokens", found: "others",
                hint: "the file was changed after the job")
        }
        return example
    }

    /// A string, or bytes that are no UTF-8.
    private static func token(_ value: Document) throws -> [UInt8] {
        if case .string(let text) = value.value { return Array(text.utf8) }
        return try value.list().map { byte in
            guard let byte = UInt8(exactly: try byte.integer()) else { throw byte.error(expected: "a byte") }
            return byte
        }
    }

    private static func lensToken(_ value: Document) throws -> LensToken {
        LensToken(
            id: try value.required("id").integer(atLeast: 0), token: try token(value.required("token")),
            logit: try value.required("logit").number(), z: try value.required("z").number())
    }
}
