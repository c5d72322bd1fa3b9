import CPCRE2
import Foundation
import Inputs

/// A compiled pre-tokenizer pattern (PCRE2 with UTF, Unicode properties and JIT where the machine allows it).
///
/// The compiled code is read-only after `init`, and every match brings its own scratch memory, so it may be shared
/// between threads.
final class Pattern: Sendable {
    /// Where the pattern was written, for error messages.
    let place: String
    private nonisolated(unsafe) let code: OpaquePointer

    /// A regular expression in the syntax of Hugging Face tokenizers (Oniguruma); see `PatternTranslation`.
    convenience init(regex: String, place: String) throws {
        try Self.requireShort(regex, place)
        try self.init(
            source: PatternTranslation(regex, place: place).translated(), options: PCRE2_UTF | PCRE2_UCP, place: place)
    }

    /// A text to be found as it stands.
    convenience init(literal: String, place: String) throws {
        try Self.requireShort(literal, place)
        try self.init(source: literal, options: PCRE2_UTF | PCRE2_LITERAL, place: place)
    }

    /// The longest pattern, in bytes of UTF-8: those of known tokenizers have less than 1,000. A text is compared with a
    /// run of plain characters at each of its places, without a count.
    static let longest = 4096

    private static func requireShort(_ pattern: String, _ place: String) throws {
        guard pattern.utf8.count <= longest else {
            throw InputError(
                place, expected: "a pattern of at most \(longest) bytes", found: "\(pattern.utf8.count) bytes")
        }
    }

    /// A pattern for error messages: without the callouts that the translation put in.
    private static func plain(_ text: String) -> String {
        text.replacingOccurrences(of: PatternTranslation.callout, with: "")
    }

    private init(source: String, options: UInt32, place: String) throws {
        self.place = place
        let context = pcre2_compile_context_create_8(nil)
        defer { pcre2_compile_context_free_8(context) }
        pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
        var failure: Int32 = 0
        var offset = 0
        let bytes = Array(source.utf8)
        guard let code = pcre2_compile_8(bytes, bytes.count, options, &failure, &offset, context) else {
            let before = Self.plain(String(decoding: bytes.prefix(offset), as: UTF8.self))
            throw InputError(
                place, expected: "a pattern that PCRE2 can compile",
                found: "\"\(Self.plain(source))\": \(Pattern.message(failure)) at byte \(before.utf8.count)")
        }
        self.code = code
        var matchesEmpty: UInt32 = 0
        guard pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_MATCHEMPTY), &matchesEmpty) == 0, matchesEmpty == 0 else {
            throw InputError(
                place, expected: "a pattern that matches at least one character", found: "\"\(Self.plain(source))\"")
        }
        // Where no executable memory is to be had, PCRE2 interprets the pattern: slower, same matches.
        pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
    }

    deinit {
        pcre2_code_free_8(code)
    }

    /// All matches in `subject[range]`, left to right and non-overlapping, as ranges of `subject`. The bytes must be
    /// valid UTF-8; nothing outside `range` is seen.
    func matches(in subject: [UInt8], _ range: Range<Int>, with scratch: PatternScratch) throws -> [Range<Int>] {
        var found: [Range<Int>] = []
        try subject.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return }
            var from = 0
            while from < range.count {
                scratch.effort.begin(at: from)
                let status = pcre2_match_8(
                    code, start + range.lowerBound, range.count, from, UInt32(PCRE2_NO_UTF_CHECK), scratch.data,
                    scratch.context)
                if status == PCRE2_ERROR_NOMATCH { return }
                guard status > 0, let vector = pcre2_get_ovector_pointer_8(scratch.data), vector[1] > vector[0] else {
                    throw InputError(
                        place, expected: "the pattern to be matched within its limits of memory and steps",
                        found:
                            "\(scratch.effort.isSpent ? "more than \(scratch.effort.limit) steps" : Pattern.message(status))"
                            + " in a text of \(range.count) bytes",
                        hint: "split the prompt, if it repeats one kind of character very many times; "
                            + "else the tokenizer's pattern backtracks without end")
                }
                found.append(range.lowerBound + vector[0]..<range.lowerBound + vector[1])
                from = vector[1]
            }
        }
        return found
    }

    private static func message(_ code: Int32) -> String {
        var text = [UInt8](repeating: 0, count: 256)
        let length = pcre2_get_error_message_8(code, &text, text.count)
        return length > 0 ? String(decoding: text.prefix(Int(length)), as: UTF8.self) : "PCRE2 error \(code)"
    }
}

/// Memory and limits for matching; one per encoded text, never shared.
final class PatternScratch {
    /// Kibibytes that a match without JIT may take for its way back.
    private static let mostHeap: UInt32 = 256 << 10
    /// Ways that one match may try from one place, counted by PCRE2 itself: its own standard.
    private static let mostTries: UInt32 = 10_000_000

    let data: OpaquePointer?
    let context: OpaquePointer?
    /// Shared by all patterns of a tokenizer.
    let effort: PatternEffort
    private let stack: OpaquePointer?

    /// `textBytes` is the length of the text that is encoded, `base` the steps that any text may take.
    init(textBytes: Int, base: Int = PatternEffort.base) {
        effort = PatternEffort(textBytes: textBytes, base: base)
        data = pcre2_match_data_create_8(1, nil)
        context = pcre2_match_context_create_8(nil)
        // Groups that repeat over a long text need more than the 32 KiB that JIT code brings along.
        stack = pcre2_jit_stack_create_8(32 << 10, 32 << 20, nil)
        pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
        pcre2_set_match_limit_8(context, Self.mostTries)
        pcre2_set_heap_limit_8(context, Self.mostHeap)
        pcre2_set_callout_8(
            context,
            { block, effort in
                guard let block, let effort else { return PCRE2_ERROR_CALLOUT }
                let goesOn = Unmanaged<PatternEffort>.fromOpaque(effort).takeUnretainedValue()
                    .pass(block.pointee.current_position)
                return goesOn ? 0 : PCRE2_ERROR_CALLOUT
            }, Unmanaged.passUnretained(effort).toOpaque())
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
        pcre2_jit_stack_free_8(stack)
    }
}

/// Counts the steps of matching all patterns over one text: each callout, and each byte that was gone over since the last.
///
/// PCRE2's own limit is for one match from one place, and with JIT it does not count the characters that a repetition runs
/// over; a text has many places. So a pattern may stay below that limit and take hours all the same.
final class PatternEffort {
    /// Steps that any text may take. Hostile patterns made 26 to 85 million in 0.07 to 0.20 seconds with JIT.
    static let base = 1 << 24
    /// Steps more for each byte of a text. Known tokenizers take 1 to 5, on texts of blanks or of letters alone, too.
    private static let eachByte = 128

    let limit: Int
    private(set) var used = 0
    private var last = 0

    init(textBytes: Int, base: Int) {
        limit = base + Self.eachByte * textBytes
    }

    var isSpent: Bool { used > limit }

    /// A match starts to look from `position` on.
    func begin(at position: Int) {
        last = position
    }

    /// A match has come to `position`; false if it has gone far enough.
    func pass(_ position: Int) -> Bool {
        used &+= 1 &+ max(0, position &- last)
        last = position
        return used <= limit
    }
}
