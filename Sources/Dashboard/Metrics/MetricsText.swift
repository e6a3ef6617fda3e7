import AuditLog

/// Prometheus' text format, version 0.0.4: families of samples, each with its help and its type.
///
/// https://prometheus.io/docs/instrumenting/exposition_formats/
struct MetricsText {
    /// The `Content-Type` of the page.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The page so far.
    private(set) var text = ""

    /// Writes a metric with its samples, which are in the order of their labels.
    mutating func add(_ metric: Metric, _ samples: [Sample]) {
        begin(metric)
        for sample in samples.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) {
            line(metric.name, metric.labels, sample.labels, sample.value)
        }
    }

    /// Writes a metric that has no labels; nothing but its help where there is no value.
    mutating func add(_ metric: Metric, _ value: Double?) {
        add(metric, value.map { [Sample([], $0)] } ?? [])
    }

    /// Writes histograms of durations, in the order of their labels.
    mutating func add(_ metric: Metric, _ histograms: [(labels: [String], durations: DurationHistogram)]) {
        begin(metric)
        let names = metric.labels + ["le"]
        for (labels, durations) in histograms.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) {
            var below: UInt64 = 0
            for (index, count) in durations.counts.enumerated() {
                below += count
                let bound =
                    index < durations.bounds.count
                    ? MetricsText.number(Double(durations.bounds[index]) / 1_000_000) : "+Inf"
                line(metric.name + "_bucket", names, labels + [bound], Double(below))
            }
            line(metric.name + "_sum", metric.labels, labels, Double(durations.sumMicroseconds) / 1_000_000)
            line(metric.name + "_count", metric.labels, labels, Double(below))
        }
    }

    private mutating func begin(_ metric: Metric) {
        text += "# HELP \(metric.name) \(MetricsText.escaped(metric.help, quotes: false))\n"
        text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
    }

    private mutating func line(_ name: String, _ labels: [String], _ values: [String], _ value: Double) {
        text += name
        var separator = "{"
        for (label, value) in zip(labels, values) {
            text += "\(separator)\(label)=\"\(MetricsText.escaped(value, quotes: true))\""
            separator = ","
        }
        text += separator == "," ? "} " : " "
        text += MetricsText.number(value)
        text += "\n"
    }

    /// What the format wants escaped: in labels' values quotes too.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A value as Go's `ParseFloat` reads it; whole numbers without a point.
    private static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        return value.description
    }
}

/// One value of a metric.
struct Sample {
    /// The values of the metric's labels, in their order.
    let labels: [String]
    let value: Double

    init(_ labels: [String], _ value: Double) {
        self.labels = labels
        self.value = value
    }

    init(_ labels: [String], _ count: UInt64) {
        self.init(labels, Double(count))
    }
}
