public import Warehouse

/// What a catch-up loaded.
public struct IngestSummary: Sendable, Equatable {
    /// One log's share.
    public struct Log: Sendable, Equatable {
        /// Which log.
        public var key: LogKey
        /// Records loaded, rejects included.
        public var records: Int
        /// Lines that were put aside.
        public var rejects: Int
        /// The seq that comes next.
        public var nextSeq: UInt64

        /// The log's folder name.
        public var name: String { key.name }
    }

    /// Each log that was looked at.
    public var logs: [Log] = []
    /// Microseconds it took.
    public var elapsedMicroseconds: Int64 = 0

    /// Records loaded, rejects included.
    public var records: Int { logs.reduce(0) { $0 + $1.records } }
    /// Lines that were put aside.
    public var rejects: Int { logs.reduce(0) { $0 + $1.rejects } }

    /// Records per second, 0 where none was loaded.
    public var recordsPerSecond: Int {
        records == 0 ? 0 : Int(Double(records) * 1_000_000 / Double(max(1, elapsedMicroseconds)))
    }

    /// Adds what a transaction loaded of a log.
    mutating func add(_ key: LogKey, records: Int, rejects: Int, nextSeq: UInt64) {
        let index =
            logs.firstIndex { $0.key == key }
            ?? {
                logs.append(Log(key: key, records: 0, rejects: 0, nextSeq: nextSeq))
                return logs.count - 1
            }()
        logs[index].records += records
        logs[index].rejects += rejects
        logs[index].nextSeq = nextSeq
    }

    /// `loaded 214 new records from 2 logs in 6 ms · coverage 100 %, 0 gaps`.
    public func line(_ coverage: Coverage) -> String {
        let from = logs.count { $0.records > 0 }
        let milliseconds = (elapsedMicroseconds + 999) / 1000
        var line = "loaded \(records) new record\(records == 1 ? "" : "s") from \(from) log\(from == 1 ? "" : "s")"
        line += " in \(milliseconds) ms · coverage \(IngestSummary.percent(coverage.share)) %"
        line += ", \(coverage.gapCount) gap\(coverage.gapCount == 1 ? "" : "s")"
        if coverage.rejects > 0 { line += ", \(coverage.rejects) rejected" }
        let unknown = coverage.unknownFields.count
        if unknown > 0 { line += ", \(unknown) unknown field\(unknown == 1 ? "" : "s")" }
        return line
    }

    /// A share in percent with up to three decimals, never rounded up: 99.9996 % is not 100 %.
    private static func percent(_ share: Double) -> String {
        let thousandths = Int((min(max(share, 0), 1) * 100_000).rounded(.down))
        let fraction = String(thousandths % 1000 + 1000).dropFirst()
        let digits = fraction.reversed().drop { $0 == "0" }.reversed()
        return String(thousandths / 1000) + (digits.isEmpty ? "" : "." + String(digits))
    }
}
