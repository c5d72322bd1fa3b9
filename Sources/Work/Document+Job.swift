import Foundation
import Inputs

/// Values that job files of every kind have. Each method throws an `InputError` that names file, line and key.
extension Document {
    /// A name that is safe as part of a file name: of a job, or of something in its results.
    public func jobName() throws -> String {
        let text = try string()
        guard SafeName.isSafe(text) else {
            throw error(expected: SafeName.words, hint: "the name becomes part of file names")
        }
        return text
    }

    /// A path; a relative one starts at `folder`, which is the job file's.
    public func path(from folder: String) throws -> JobPath {
        let written = try string()
        guard !written.isEmpty, !written.utf8.contains(0) else { throw error(expected: "a path") }
        let here = URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
        let start = URL(fileURLWithPath: folder.isEmpty ? "." : folder, isDirectory: true, relativeTo: here)
        let resolved = URL(fileURLWithPath: written, relativeTo: start).path
        guard resolved.utf8.count <= JobPath.longest else {
            throw InputError(
                place, expected: "a path of at most \(JobPath.longest) bytes", found: "\(resolved.utf8.count) bytes")
        }
        return JobPath(written: written, resolved: resolved)
    }

    /// The elements of a list with at least one and no more than a limit.
    public func some(atMost limit: Int) throws -> [Document] {
        let list = try list()
        guard !list.isEmpty else { throw error(expected: "a list with at least one entry") }
        guard list.count <= limit else {
            throw InputError(place, expected: "a list with at most \(limit) entries", found: "\(list.count)")
        }
        return list
    }

    /// A whole number within a range.
    public func whole(in range: ClosedRange<Int>) throws -> Int {
        let whole = try integer()
        guard range.contains(whole) else {
            throw error(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return whole
    }

    /// A number from 0 to 1.
    public func share() throws -> Double {
        let share = try number()
        guard (0...1).contains(share) else { throw error(expected: "a number from 0 to 1") }
        return share
    }

    /// One of an enumeration's names.
    public func choice<Choice: RawRepresentable<String> & CaseIterable>(_ type: Choice.Type = Choice.self) throws
        -> Choice
    {
        guard let choice = Choice(rawValue: try string()) else {
            let known = Choice.allCases.map(\.rawValue)
            throw error(
                expected: "one of " + known.joined(separator: ", "),
                hint: Suggestion.hint(for: try string(), among: known))
        }
        return choice
    }
}
