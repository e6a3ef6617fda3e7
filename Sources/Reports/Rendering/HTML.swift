import Mustache

/// Markup that is safe to stand in a page: made by escaping, or put together from other `HTML`.
///
/// swift-mustache 2.1.1 escapes by character, so a `"` that a combining mark has joined passes its `{{…}}` unescaped and
/// can end an attribute. Templates here therefore use `{{{…}}}` throughout and are only ever given this type.
package struct HTML: Sendable, Equatable {
    package let markup: String

    /// Trusted markup: constants of ours and what they enclose.
    package init(trusted markup: String) {
        self.markup = markup
    }

    /// Escaped text, scalar by scalar.
    package init(_ text: String) {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        markup = result
    }

    /// A sentence with its names and numbers marked up.
    init(_ prose: Prose) {
        markup = prose.spans.map { span in
            switch span {
            case .text(let text): HTML(Typography.bound(text)).markup
            case .strong(let text): "<strong>\(HTML(Typography.bound(text)).markup)</strong>"
            case .name(let text): "<b class=\"n\">\(HTML.breakable(text))</b>"
            case .code(let text): "<code>\(HTML(text).markup)</code>"
            }
        }.joined()
    }

    /// A name that may be broken after `/` and `_` where it has no room, rather than anywhere.
    private static func breakable(_ text: String) -> String {
        HTML(text).markup.replacing("/", with: "/<wbr>").replacing("_", with: "_<wbr>")
    }

    package static func joined(_ parts: [HTML]) -> HTML {
        HTML(trusted: parts.map(\.markup).joined())
    }
}

extension HTML: MustacheCustomRenderable {
    /// The markup, for `{{{…}}}`.
    var renderText: String { markup }

    /// Empty markup counts as absent in `{{#…}}`.
    var isNull: Bool { markup.isEmpty }
}
