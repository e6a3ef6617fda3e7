/// A drawing in SVG, element by element.
///
/// Text is escaped; numbers are written with at most one decimal.
///
/// Colours are the page's own classes, so that one drawing serves light, dark and print.
struct SVG {
    private var body = ""
    private let width: Double
    private let height: Double

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    /// The drawing with its text alternative, for screen readers and where drawings are not shown.
    func html(alternative: String, name: String) -> HTML {
        let title = HTML(alternative).markup
        let box = "0 0 \(SVG.number(width)) \(SVG.number(height))"
        return HTML(
            trusted: "<svg class=\"\(name)\" viewBox=\"\(box)\" role=\"img\" aria-label=\"\(title)\">\(body)</svg>")
    }

    /// A rectangle's place and size.
    struct Box {
        var x: Double
        var y: Double
        var width: Double
        var height: Double
    }

    mutating func rectangle(_ box: Box, name: String, title: String = "") {
        body += "<rect x=\"\(SVG.number(box.x))\" y=\"\(SVG.number(box.y))\" width=\"\(SVG.number(box.width))\""
        body += " height=\"\(SVG.number(box.height))\" class=\"\(name)\""
        body += title.isEmpty ? "/>" : "><title>\(HTML(title).markup)</title></rect>"
    }

    /// Many rectangles of one class as one path.
    mutating func boxes(_ boxes: [Box], name: String) {
        guard !boxes.isEmpty else { return }
        let path = boxes.map { box in
            let width = SVG.number(box.width)
            return "M\(SVG.number(box.x)) \(SVG.number(box.y))h\(width)v\(SVG.number(box.height))h-\(width)z"
        }
        body += "<path d=\"\(path.joined())\" class=\"\(name)\"/>"
    }

    mutating func line(x1: Double, y1: Double, x2: Double, y2: Double, name: String) {
        body +=
            "<path d=\"M\(SVG.number(x1)) \(SVG.number(y1))L\(SVG.number(x2)) \(SVG.number(y2))\" class=\"\(name)\"/>"
    }

    enum Anchor: String {
        case start
        case middle
        case end
    }

    mutating func text(_ text: String, x: Double, y: Double, anchor: Anchor = .start, name: String = "") {
        let classes = name.isEmpty ? "" : " class=\"\(name)\""
        let side = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
        body += "<text x=\"\(SVG.number(x))\" y=\"\(SVG.number(y))\"\(side)\(classes)>\(HTML(text).markup)</text>"
    }

    /// One decimal, no trailing zero.
    static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded(.toNearestOrAwayFromZero))
        return tenths.isMultiple(of: 10)
            ? String(tenths / 10) : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    /// About how wide a text is at the charts' 11 units, to keep labels apart.
    static func width(of text: String) -> Double {
        Double(text.unicodeScalars.count) * 6.6
    }
}
