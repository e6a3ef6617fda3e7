/// Markup written as a literal: what stands in the literal is ours, what is put into it is escaped unless it is markup itself.
///
/// ```swift
/// let row: HTML = "<td>\(agent)</td>"      // `agent` is a String: escaped
/// ```
extension HTML: ExpressibleByStringInterpolation {
    /// Collects a literal's pieces.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var markup = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            markup.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) { markup += literal }

        package mutating func appendInterpolation(_ html: HTML) { markup += html.markup }

        package mutating func appendInterpolation(_ parts: [HTML]) {
            for part in parts { markup += part.markup }
        }

        package mutating func appendInterpolation(_ text: String) { markup += HTML(text).markup }

        package mutating func appendInterpolation(_ number: Int) { markup += String(number) }

        package mutating func appendInterpolation(_ number: UInt64) { markup += String(number) }

        /// Nothing where there is nothing.
        package mutating func appendInterpolation(_ html: HTML?) { markup += html?.markup ?? "" }
    }

    package init(stringLiteral value: String) { self.init(trusted: value) }

    package init(stringInterpolation: StringInterpolation) { self.init(trusted: stringInterpolation.markup) }
}
