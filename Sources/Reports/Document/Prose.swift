import Events
import Terminal

/// A sentence with names and numbers in it, written once and shown in every form.
///
/// Literal text is ours. Everything interpolated passes `VisibleText`, and each form escapes it for itself. Whole numbers
/// get thousands separators.
struct Prose: Sendable, Equatable, ExpressibleByStringInterpolation {
    enum Span: Sendable, Equatable {
        case text(String)
        /// What stands out.
        case strong(String)
        /// An agent, tool, rule or other name out of a record.
        case name(String)
        /// Something to type.
        case code(String)
    }

    var spans: [Span]

    init(_ spans: [Span] = []) {
        self.spans = spans
    }

    init(stringLiteral value: String) {
        spans = value.isEmpty ? [] : [.text(value)]
    }

    init(stringInterpolation: Interpolation) {
        spans = stringInterpolation.spans
    }

    struct Interpolation: StringInterpolationProtocol {
        var spans: [Span] = []

        init(literalCapacity: Int, interpolationCount: Int) {
            spans.reserveCapacity(interpolationCount * 2 + 1)
        }

        mutating func appendLiteral(_ literal: String) {
            if !literal.isEmpty { spans.append(.text(literal)) }
        }

        mutating func appendInterpolation(_ text: String) {
            spans.append(.text(VisibleText.of(text)))
        }

        mutating func appendInterpolation(_ value: Int) {
            spans.append(.text(Words.count(value)))
        }

        mutating func appendInterpolation(_ prose: Prose) {
            spans += prose.spans
        }

        mutating func appendInterpolation(strong text: String) {
            spans.append(.strong(VisibleText.of(text)))
        }

        mutating func appendInterpolation(strong value: Int) {
            spans.append(.strong(Words.count(value)))
        }

        mutating func appendInterpolation(name text: String) {
            spans.append(.name(VisibleText.of(text)))
        }

        mutating func appendInterpolation(code text: String) {
            spans.append(.code(VisibleText.of(text)))
        }
    }

    /// The words alone.
    var plain: String {
        spans.map { span in
            switch span {
            case .text(let text), .strong(let text), .name(let text), .code(let text): text
            }
        }.joined()
    }

    var isEmpty: Bool { spans.isEmpty }

    static func + (a: Prose, b: Prose) -> Prose {
        Prose(a.spans + b.spans)
    }

    static func += (a: inout Prose, b: Prose) {
        a.spans += b.spans
    }

    /// Several with a separator between them.
    static func joined(_ parts: [Prose], separator: Prose) -> Prose {
        parts.enumerated().reduce(into: Prose()) { result, part in
            if part.offset > 0 { result += separator }
            result += part.element
        }
    }
}

/// How something is to be taken.
///
/// Shown as colour, and always said in words as well.
package enum Tone: String, Sendable {
    case plain
    case good
    case warn
    case bad
    case quiet
}
