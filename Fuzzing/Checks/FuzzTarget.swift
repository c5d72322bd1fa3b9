/// Checks of readers, each fed with any bytes: what must hold whatever they are.
protocol Checks: Sendable {
    /// Makes what the checks need, such as a folder.
    init() throws

    /// Throws `Broken` where something does not hold. It may be called again and again, by one thread at a time.
    func check(_ input: [UInt8]) throws

    /// Inputs to start from, which the readers accept or nearly so.
    static func seeds() throws -> [[UInt8]]
}

/// What is fuzzed, each by a process or a test of its own.
enum FuzzTarget: String, CaseIterable, Sendable {
    /// Messages of both directions, shard results and their columns.
    case messages, frames
    /// Tasks, shards, results and snapshots of exemplars; corpora.
    case exemplars
    /// Key files, names, status requests and the fold's snapshots.
    case texts
    case jobs, prompts
    /// Folders of models, GGUF files and the tokenizers in them, LoRA adapters.
    case models, gguf, adapters
    /// SAELens folders; files of named vectors, which are safetensors, or NumPy's arrays in zip archives.
    case dictionaries, directions
    /// Folders of tokenizers, chat templates, patterns of tokenizers and of adapters.
    case tokenizers, templates, patterns

    var checks: any Checks.Type {
        switch self {
        case .messages: MessageChecks.self
        case .frames: FrameChecks.self
        case .exemplars: ExemplarChecks.self
        case .texts: TextChecks.self
        case .jobs: JobChecks.self
        case .prompts: PromptChecks.self
        case .models: ModelChecks.self
        case .gguf: GGUFChecks.self
        case .adapters: AdapterChecks.self
        case .dictionaries: DictionaryChecks.self
        case .directions: DirectionChecks.self
        case .tokenizers: TokenizerChecks.self
        case .templates: TemplateChecks.self
        case .patterns: PatternChecks.self
        }
    }
}

/// What an input may cost at most. More is a finding, as a crash is.
struct FuzzLimits: Sendable {
    /// Bytes of an input.
    var bytes = 32 << 10
    /// Seconds for one input.
    var seconds = 10
    /// Megabytes that are asked for at once, and in all.
    var allocation = 64
    var memory = 512
}

extension FuzzTarget {
    /// The sanitizers alone take 60 to 140 MB and make code ten to fifty times slower, so that nothing below these says
    /// anything. What grows with what an input says, and not with what it has, is beyond them soon.
    var limits: FuzzLimits {
        switch self {
        // A budget of a million units: about as many nanoseconds and bytes, without a sanitizer.
        case .templates: FuzzLimits(seconds: 5)
        // What PCRE2 may take for its way back where it has no JIT: 256 MiB.
        case .patterns, .tokenizers, .gguf: FuzzLimits(allocation: 300, memory: 1024)
        // The largest dictionary's columns are checked without being allocated; a result may say up to 2^26 latents.
        case .frames: FuzzLimits(bytes: 64 << 10, memory: 1024)
        // The files that NumPy and safetensors wrote have up to 42 KB.
        case .directions: FuzzLimits(bytes: 64 << 10)
        default: FuzzLimits()
        }
    }
}
