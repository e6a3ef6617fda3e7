import AuditLog
import Events
import Reports
import Terminal
import Warehouse

/// How far a log is loaded into the warehouse.
struct LogLag: Sendable {
    var name: String
    /// Durable records that are not loaded yet.
    var records: UInt64
    /// How long ago the oldest of them was written, in seconds; 0 where all are loaded.
    var seconds: Int
    /// The seq of the next record to be loaded.
    var loaded: UInt64
    var missing: Int
    /// Why it cannot be read; nil where it can.
    var trouble: String?

    static func all(_ logs: [LogDirectory], _ coverage: [LogCoverage], now: Timestamp) -> [LogLag] {
        logs.map { log in
            do {
                return try one(log, coverage, now: now)
            } catch {
                return LogLag(name: log.name, records: 0, seconds: 0, loaded: 0, missing: 0, trouble: "\(error)")
            }
        }
    }

    private static func one(_ log: LogDirectory, _ coverage: [LogCoverage], now: Timestamp) throws(LogError) -> LogLag {
        let identity = try LogIdentity.read(log)
        let known = coverage.first { $0.origin == identity.origin }
        let loaded = known?.nextSeq ?? 0
        let reader = try LogReader(log, from: loaded)
        var records: UInt64 = 0
        var oldest: Timestamp?
        // A few blocks are enough to say that it is behind.
        for _ in 0..<64 {
            guard let block = try reader.nextBlock() else { break }
            if oldest == nil {
                block.forEachLine { seq, line in
                    if oldest == nil, seq >= loaded { oldest = (try? Record(utf8: line))?.timestamp }
                }
            }
            records = reader.nextSeq - loaded
        }
        let seconds = oldest.map { max(0, now.since($0) / 1_000_000) } ?? 0
        return LogLag(
            name: log.name, records: records, seconds: Int(seconds), loaded: loaded, missing: known?.missing ?? 0)
    }

    /// The logs as a table.
    static func table(_ logs: [LogLag]) -> HTML {
        let rows = logs.map { log -> HTML in
            let state: HTML =
                if let trouble = log.trouble {
                    "<td class=\"bad wide\">cannot be read: \(VisibleText.of(trouble))</td>"
                } else if log.records == 0 {
                    "<td class=\"good\">all loaded</td>"
                } else {
                    "<td class=\"warn\">\(Words.count(log.records)) to load, \(Words.count(log.seconds)) s behind</td>"
                }
            return """
                <tr><td class="nm"><a href="/log/\(PageAddress.segment(log.name))">\(VisibleText.of(log.name))</a></td>\
                <td class="num">\(Words.count(log.loaded))</td><td class="num">\(Words.count(log.missing))</td>\(state)</tr>
                """
        }
        guard !rows.isEmpty else {
            return "<section><h2>Logs</h2><p class=\"quiet\">There is no log yet.</p></section>"
        }
        return """
            <section><h2>Logs</h2><div class="scroll" tabindex="0"><table><thead><tr><th scope="col">log</th>\
            <th scope="col" class="num">records loaded</th><th scope="col" class="num">missing</th>\
            <th scope="col">state</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
            """
    }
}
