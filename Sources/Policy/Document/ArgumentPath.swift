/// A place in a call's arguments: `args.city`, `args.items.0.price`.
///
/// Each segment walks an object by key or a list by index; a segment of digits does either, as the arguments have it.
/// A backslash takes the meaning from `.`, `*`, `[`, `]` and `\` where a key contains them.
public struct ArgumentPath: Sendable, Hashable {
    /// The longest path, in bytes.
    static let maximumBytes = 256
    /// The most segments behind `args`.
    static let maximumSegments = 16
    /// Characters that mean something in other path languages and are refused where they stand bare.
    private static let reserved: Set<Unicode.Scalar> = [".", "*", "[", "]", "\\"]

    /// One step.
    struct Segment: Sendable, Hashable {
        /// The key's UTF-8 bytes: keys are compared as bytes, never by Unicode equivalence.
        let key: [UInt8]
        /// The index that the segment means in a list.
        let index: Int?

        init(_ key: String) {
            self.key = Array(key.utf8)
            let isIndex =
                !key.isEmpty && key.utf8.count <= 9 && key.utf8.allSatisfy { (0x30...0x39).contains($0) }
                && (key == "0" || key.utf8.first != 0x30)
            index = isIndex ? Int(key) : nil
        }
    }

    let segments: [Segment]
    /// The path in its one spelling.
    public let text: String

    /// Why a text is no path.
    struct Failure: Error {
        var expected: String
        var suggestion: String?
    }

    /// Reads a path.
    init(parsing text: String) throws(Failure) {
        let form = "a path such as args.city"
        guard text.utf8.count <= ArgumentPath.maximumBytes else {
            throw Failure(expected: "a path of at most \(ArgumentPath.maximumBytes) bytes")
        }
        var names = [""]
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar {
            case ".":
                names.append("")
            case "\\":
                guard let escaped = scalars.next(), ArgumentPath.reserved.contains(escaped) else {
                    throw Failure(expected: #"\ only before . * [ ] or \"#)
                }
                names[names.count - 1].unicodeScalars.append(escaped)
            case "*":
                throw Failure(expected: "a path without wildcards (write \\* for a key that contains one)")
            case "[", "]":
                throw Failure(
                    expected: "list indices as segments, such as args.items.0",
                    suggestion: ArgumentPath.withoutBrackets(text))
            default:
                names[names.count - 1].unicodeScalars.append(scalar)
            }
        }
        guard names[0] == "args" else { throw Failure(expected: form, suggestion: ArgumentPath.repaired(names)) }
        guard names.count > 1 else { throw Failure(expected: "\(form): args alone is all arguments at once") }
        guard !names.contains("") else { throw Failure(expected: "\(form), without empty segments") }
        guard names.count <= ArgumentPath.maximumSegments + 1 else {
            throw Failure(expected: "a path of at most \(ArgumentPath.maximumSegments) segments")
        }
        segments = names.dropFirst().map { Segment($0) }
        self.text = text
    }

    /// Compares paths byte for byte.
    public static func == (left: ArgumentPath, right: ArgumentPath) -> Bool {
        left.segments == right.segments
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(segments)
    }

    private static func repaired(_ names: [String]) -> String? {
        let roots = ["arg", "arguments", "argument", "params", "input", "$", "Args", "ARGS"]
        guard names.count > 1, !names.dropFirst().contains("") else { return nil }
        let rest = names.dropFirst().joined(separator: ".")
        if roots.contains(names[0]) || Spelling.distance(names[0], "args") == 1 { return "args.\(rest)" }
        return names[0].isEmpty ? nil : "args.\(names[0]).\(rest)"
    }

    private static func withoutBrackets(_ text: String) -> String? {
        var repaired = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "[": repaired += "."
            case "]": continue
            default: repaired.unicodeScalars.append(scalar)
            }
        }
        return (try? ArgumentPath(parsing: repaired))?.text
    }
}

extension ArgumentPath: CustomStringConvertible {
    /// The path as text.
    public var description: String { text }
}
