/// Names that are safe as parts of file names: of jobs, of what is in their results, of groups of prompts.
public enum SafeName {
    /// The longest name that leaves room for the rest of a result's file names.
    private static let longest = 100

    /// What names must be.
    public static let words = "1 to \(longest) of the characters A-Z a-z 0-9 . _ - and no dot in front"

    /// Whether a name is one.
    public static func isSafe(_ name: String) -> Bool {
        let areSafe = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return areSafe && !name.isEmpty && name.utf8.count <= longest && !name.hasPrefix(".")
    }
}
