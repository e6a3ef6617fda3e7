import Events

/// Writes values to bytes, or reads them back in the same order.
///
/// Fixed-size states are copied as they lie in memory: a snapshot is for the build that wrote it. Its header has a version
/// and the states' sizes, and a checksum stands at its end; whatever does not fit is refused, and the detectors learn from
/// the log again.
package struct SnapshotCoder {
    /// What was written, or is read.
    package private(set) var bytes: [UInt8]
    /// Whether everything read so far was there.
    package private(set) var isSound = true
    /// Whether it reads; otherwise it writes.
    package let isReading: Bool
    private var offset = 0

    /// Writes, with room for so many bytes.
    package init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
        isReading = false
    }

    /// Reads.
    package init(reading bytes: [UInt8]) {
        self.bytes = bytes
        isReading = true
    }

    /// What was read is no snapshot.
    package mutating func refuse() { isSound = false }

    /// Whether everything was read.
    package var isAtEnd: Bool { offset == bytes.count }

    /// FNV-1a (Fowler, Noll, Vo), over words of eight bytes: it finds accidents, not intent.
    package static func checksum(_ raw: UnsafeRawBufferPointer) -> UInt64 {
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        var offset = 0
        while offset + 8 <= raw.count {
            sum = (sum ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x100_0000_01B3
            offset += 8
        }
        while offset < raw.count {
            sum = (sum ^ UInt64(raw[offset])) &* 0x100_0000_01B3
            offset += 1
        }
        return sum
    }

    /// A value of fixed size without gaps between fields.
    package mutating func value<Value: BitwiseCopyable>(_ value: inout Value) {
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
    package mutating func raw<Value: BitwiseCopyable>(_ values: inout [Value]) {
        var count = values.count
        value(&count)
        let stride = MemoryLayout<Value>.stride
        guard isReading else {
            let start = bytes.count
            values.withUnsafeBytes { bytes.append(contentsOf: $0) }
            values.first.map { StatePadding(of: $0) }??.clear(&bytes, from: start, stride: stride)
            return
        }
        guard isSound, count >= 0, count <= (bytes.count - offset) / stride else { return refuse() }
        bytes.withUnsafeBytes { source in
            values = (0..<count).map {
                source.loadUnaligned(fromByteOffset: offset + $0 * stride, as: Value.self)
            }
        }
        offset += count * stride
    }

    /// A text.
    package mutating func string(_ text: inout String) {
        var units = isReading ? [] : Array(text.utf8)
        raw(&units)
        if isReading, isSound { text = String(decoding: units, as: UTF8.self) }
    }

    /// Texts, with their number.
    package mutating func strings(_ texts: inout [String]) {
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
    package mutating func code(_ finding: inout Finding) {
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
