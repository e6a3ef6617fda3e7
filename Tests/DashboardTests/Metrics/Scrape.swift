import Foundation

@testable import Dashboard

/// A page of metrics, read back without the code that wrote it.
struct Scrape {
    /// Values by name and labels as they stand, such as `a_total{b="c"}`.
    var values: [String: Double] = [:]
    /// Types by family, in the page's order.
    var types: [(name: String, type: String)] = []

    init(_ page: String) {
        for line in page.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                types.append((String(words[2]), String(words[3])))
            } else if !line.hasPrefix("#"), let space = line.lastIndex(of: " ") {
                values[String(line[..<space])] = Double(line[line.index(after: space)...])
            }
        }
    }

    init(_ metrics: LogMetrics) {
        var text = MetricsText()
        metrics.write(to: &text)
        self.init(text.text)
    }

    subscript(name: String) -> Double? { values[name] }

    /// The sum of all series of a metric.
    func sum(_ metric: String) -> Double {
        values.filter { $0.key == metric || $0.key.hasPrefix(metric + "{") }.values.reduce(0, +)
    }

    /// How many series a metric has.
    func count(_ metric: String) -> Int {
        values.keys.filter { $0 == metric || $0.hasPrefix(metric + "{") }.count
    }
}
