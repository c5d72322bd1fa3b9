import Inputs

/// The keys of a `config.json`. A family asks for those that it knows; what nobody asked for is refused in the end.
public final class ConfigKeys {
    /// The configuration as a whole, for error messages.
    public let document: Document
    private var known = ConfigKeys.irrelevant

    /// Takes a configuration.
    init(_ document: Document) { self.document = document }

    /// The value under `key`; nil where the key is absent or null.
    public func optional(_ key: String) throws -> Document? {
        known.insert(key)
        return try document.optional(key)
    }

    /// The value under `key`, which must be there.
    public func required(_ key: String) throws -> Document {
        known.insert(key)
        return try document.required(key)
    }

    /// Whether the key is not there at all; transformers has other defaults for some keys that are null.
    public func isAbsent(_ key: String) throws -> Bool {
        known.insert(key)
        return try document.object()[key] == nil
    }

    /// Names keys that the family's forward pass never looks at.
    public func passOver(_ keys: String...) { known.formUnion(keys) }

    /// The size under `key`, from 1 to `most`; `standard` where there is none.
    public func size(_ key: String, default standard: Int? = nil, atMost most: Int? = nil) throws -> Int {
        guard let stated = try optional(key) else {
            if let standard { return standard }
            return try required(key).integer()
        }
        let (size, most) = (try stated.integer(atLeast: 1), most ?? Architecture.largestSize)
        guard size <= most else { throw stated.error(expected: "a whole number up to \(most)") }
        return size
    }

    /// Refuses anything but `value` under `key`, if there is something; `expected` says in words what would be right.
    public func expect(_ key: String, _ value: Document.Value, as expected: String? = nil, hint: String = "") throws {
        guard let stated = try optional(key), stated.value != value else { return }
        throw stated.error(expected: expected ?? "\(value)", hint: hint)
    }

    /// Refuses what nobody asked for, unless it says nothing.
    func refuseOthers() throws {
        for key in try document.object().keys.sorted() where !known.contains(key) {
            guard let stated = try document.optional(key), Self.saysSomething(stated.value) else { continue }
            throw stated.error(
                expected: "no \(key)", hint: Self.hints[key] ?? "it may change the forward pass and is not supported")
        }
    }

    private static func saysSomething(_ value: Document.Value) -> Bool {
        ![.bool(false), .string(""), .array([]), .object([:])].contains(value)
    }

    private static let hints = [
        "quantization_config": "save the model unquantised, or as GGUF (Q4_0, Q4_1, Q8_0)",
        "auto_map": "models with code of their own are not supported",
    ]

    /// Keys that any configuration may have and that no forward pass looks at: those of `PretrainedConfig` (transformers
    /// `configuration_utils.py`, 4 and 5) about files, training, generation and other heads, and what tools leave behind.
    private static let irrelevant: Set<String> = [
        "_attn_implementation", "_attn_implementation_autoset", "_commit_hash", "_flash_attn_2_enabled",
        "_name_or_path", "add_cross_attention", "attention_dropout", "attn_implementation", "bad_words_ids",
        "begin_suppress_tokens", "bos_token_id", "chunk_size_feed_forward", "cross_attention_hidden_size",
        "decoder_start_token_id", "diversity_penalty", "do_sample", "dtype", "early_stopping",
        "encoder_no_repeat_ngram_size", "eos_token_id", "exponential_decay_length_penalty", "finetuning_task",
        "forced_bos_token_id", "forced_eos_token_id", "hidden_dropout", "id2label", "initializer_range", "is_decoder",
        "is_encoder_decoder", "is_llama_config", "keys_to_ignore_at_inference", "label2id", "length_penalty",
        "max_length", "max_sequence_length", "min_length", "no_repeat_ngram_size", "num_beam_groups", "num_beams",
        "num_labels", "num_return_sequences", "output_attentions", "output_hidden_states", "output_scores",
        "pad_token_id", "prefix", "problem_type", "pruned_heads", "remove_invalid_values", "repetition_penalty",
        "return_dict", "return_dict_in_generate", "sep_token_id", "suppress_tokens", "task_specific_params",
        "temperature", "tf_legacy_loss", "tie_encoder_decoder", "tokenizer_class", "top_k", "top_p", "torch_dtype",
        "torchscript", "transformers.js_config", "transformers_version", "typical_p", "unsloth_fixed",
        "unsloth_version", "use_bfloat16", "use_cache",
    ]
}
