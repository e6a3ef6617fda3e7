/// Why a document was refused, and where.
///
/// Never contains a byte of the document.
public struct JSONError: Error, Equatable, Sendable {
    /// The kinds of refusal.
    public enum Code: String, Sendable, CaseIterable {
        /// No value at all: nothing, or only white space.
        case empty
        /// The document ends inside a value.
        case truncated
        /// Something other than white space follows the value.
        case trailingBytes
        /// Bytes that are not UTF-8: overlong forms, surrogates, beyond U+10FFFF, stray continuations.
        case invalidUTF8
        /// A byte below 0x20 inside a string.
        case controlCharacterInString
        /// A backslash followed by something RFC 8259 §7 does not list.
        case badEscape
        /// A `\u` escape that names half of a surrogate pair.
        case loneSurrogate
        /// A number that breaks RFC 8259 §6, such as `01`, `+1`, `.5` or `1.`.
        case badNumber
        /// A word that is none of `null`, `true` and `false`.
        case badLiteral
        /// Another byte where a value has to begin.
        case expectedValue
        /// Another byte where a key has to begin.
        case expectedKey
        /// Another byte where a colon has to stand.
        case expectedColon
        /// Another byte where a comma or the container's end has to stand.
        case expectedCommaOrEnd
        /// More containers open at once than allowed.
        case tooDeep
        /// More bytes than allowed.
        case tooLarge
        /// An object has one key twice; the offset is the second one's.
        case duplicateKey
        /// A byte order mark in front, which RFC 8259 §8.1 forbids to send.
        case byteOrderMark
    }

    /// What is wrong.
    public var code: Code
    /// Where it is wrong: a byte offset, at most the document's length.
    public var offset: Int

    /// Makes an error.
    public init(code: Code, offset: Int) {
        self.code = code
        self.offset = offset
    }

    init(_ code: Code, at offset: Int) {
        self.init(code: code, offset: offset)
    }
}

extension JSONError: CustomStringConvertible {
    /// One sentence without any of the document's content.
    public var description: String { "\(code.explanation) at byte \(offset)" }
}

extension JSONError.Code {
    /// The kind of refusal in words, constant text.
    public var explanation: StaticString {
        switch self {
        case .empty: "no JSON value"
        case .truncated: "the document ends inside a value"
        case .trailingBytes: "something follows the JSON value"
        case .invalidUTF8: "not UTF-8"
        case .controlCharacterInString: "unescaped control character in a string"
        case .badEscape: "unknown escape in a string"
        case .loneSurrogate: "escape of half a surrogate pair"
        case .badNumber: "not a JSON number"
        case .badLiteral: "not null, true or false"
        case .expectedValue: "expected a value"
        case .expectedKey: "expected a key in quotation marks"
        case .expectedColon: "expected a colon"
        case .expectedCommaOrEnd: "expected a comma or the end of the object or array"
        case .tooDeep: "nested too deep"
        case .tooLarge: "too many bytes"
        case .duplicateKey: "an object has the same key twice"
        case .byteOrderMark: "begins with a byte order mark"
        }
    }
}
