import Events

/// Writes values to bytes, or reads them back in the same order.
///
/// Fixed-size states are copied as they lie in memory: a snapshot is for the build that wrote it. Its header has a version
/// and the states' sizes, and a checksum stands at its end; whatever does not fit is refused, and the detectors learn from
/// the log again.
struct SnapshotCoder {
    private(set) var bytes: [UInt8]
    private(set) var isSound = true
    let isReading: Bool
    private var offset = 0

    /// Writes.
    init() {
        bytes = []
        isReading = false
    }

    /// Reads.
    init(reading bytes: [UInt8]) {
        self.bytes = bytes
        isReading = true
    }

    /// What was read is no snapshot.
    mutating func refuse() { isSound = false }

    /// Whether everything was read.
    var isAtEnd: Bool { offset == bytes.count }

    /// A value of fixed size.
    mutating func value<Value: BitwiseCopyable>(_ value: inout Value) {
        guard isReading else {
            withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
            return
        }
        let size = MemoryLayout<Value>.size
        guard isSound, bytes.count - offset >= size else { return refuse() }
        bytes.withUnsafeBytes { value = $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
        offset += size
    }

    /// Values of fixed size, with their number.
    mutating func raw<Value: BitwiseCopyable>(_ values: inout [Value]) {
        var count = values.count
        value(&count)
        guard isReading else {
            values.withUnsafeBytes { bytes.append(contentsOf: $0) }
            return
        }
        let stride = MemoryLayout<Value>.stride
        guard isSound, count >= 0, count <= (bytes.count - offset) / stride else { return refuse() }
        bytes.withUnsafeBytes { source in
            values = (0..<count).map {
                source.loadUnaligned(fromByteOffset: offset + $0 * stride, as: Value.self)
            }
        }
        offset += count * stride
    }

    /// A text.
    mutating func string(_ text: inout String) {
        var units = isReading ? [] : Array(text.utf8)
        raw(&units)
        if isReading, isSound { text = String(decoding: units, as: UTF8.self) }
    }

    /// Texts, with their number.
    mutating func strings(_ texts: inout [String]) {
        var count = texts.count
        value(&count)
        if isReading { texts = [] }
        for index in 0..<max(0, count) where isSound {
            var text = isReading ? "" : texts[index]
            string(&text)
            if isReading { texts.append(text) }
        }
    }

    /// A finding.
    mutating func code(_ finding: inout Finding) {
        var (rule, severity) = (finding.rule.rawValue, finding.severity.rawValue)
        string(&rule)
        string(&severity)
        for path in [\Finding.agent, \.server, \.tool, \.firstRecord.log, \.lastRecord.log] {
            string(&finding[keyPath: path])
        }
        for path in [\Finding.start.microseconds, \.detected.microseconds, \.lastSeen.microseconds] {
            value(&finding[keyPath: path])
        }
        for path in [\Finding.attempts, \.denied, \.same, \.peakPerMinute, \.threshold] {
            value(&finding[keyPath: path])
        }
        value(&finding.firstRecord.seq)
        value(&finding.lastRecord.seq)
        value(&finding.usualPerMinute)
        value(&finding.resultUnchanged)
        var inhibitor = finding.inhibitedBy?.rawValue ?? ""
        string(&inhibitor)
        guard isReading, isSound else { return }
        guard let rule = RuleName(rawValue: rule), let severity = Severity(rawValue: severity) else { return refuse() }
        finding.rule = rule
        finding.severity = severity
        finding.inhibitedBy = RuleName(rawValue: inhibitor)
    }
}
