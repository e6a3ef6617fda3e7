import Terminal

/// A row of small bars in a table cell: one path, so that hundreds of rows stay small.
enum SparkBars {
    static func html(_ values: [Int], alternative: String) -> HTML {
        let top = max(values.max() ?? 0, 1)
        // A month of bars takes no more room than two weeks.
        let pitch = values.count > 14 ? 4 : 8
        var path = ""
        for (index, value) in values.enumerated() where value > 0 {
            let height = max(Double(value) / Double(top) * 18, 1.5)
            path += "M\(index * pitch + pitch / 2) 20v-\(SVG.number(height))"
        }
        let width = values.count * pitch
        let label = HTML(alternative).markup
        return HTML(
            trusted:
                "<svg class=\"sp\(pitch < 8 ? " s" : "")\" viewBox=\"0 0 \(width) 21\" width=\"\(width)\" height=\"21\" role=\"img\">"
                + "<title>\(label)</title><path d=\"M0 20.5H\(width)\" class=\"gr\"/><path d=\"\(path)\"/></svg>")
    }
}
