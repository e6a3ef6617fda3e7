import ArgumentParser
import AuditLog
import Events
import Foundation
import Terminal

/// `tollgate log stats`: what a log holds.
struct LogStatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "How many records a log holds, of what kind, from when to when, in how many bytes.",
        discussion: """
            Example:
              tollgate log stats --log ~/.local/share/tollgate/logs/ecs-mcp-server
            """)

    @OptionGroup var selection: LogSelection
    @Flag(help: "Print one JSON object for each log.")
    var json = false

    private struct Counts {
        var kinds: [String: Int] = [:]
        var verdicts: [String: Int] = [:]
        var outcomes: [String: Int] = [:]
        var records = 0
        var plaintext = 0
        var first: Timestamp?
        var last: Timestamp?
    }

    func run() throws {
        for log in try selection.logs() {
            var progress = Console.progress("counting", unit: "records")
            let counts = try count(log) { progress.update($0, now: Console.now) }
            progress.finish()
            let files = PosixFileSystem()
            let segments = try log.segments(on: files)
            var bytes = 0
            for segment in segments {
                let attributes = try? FileManager.default.attributesOfItem(atPath: log.segmentPath(segment))
                bytes += (attributes?[.size] as? NSNumber)?.intValue ?? 0
            }
            let head = try KeptHead.newest(of: log)
            Console.output(
                json
                    ? JSONText.line(object(log, counts, segments, bytes, head)) + "\n"
                    : text(log, counts, segments.count, bytes, head))
        }
    }

    private func count(_ log: LogDirectory, _ progress: (Int) -> Void) throws -> Counts {
        let reader = try LogReader(log)
        var counts = Counts()
        while let block = try reader.nextBlock() {
            counts.plaintext += block.bytes.count
            block.forEachLine { _, line in
                counts.records += 1
                guard let record = try? Record(utf8: line) else { return counts.kinds["unreadable", default: 0] += 1 }
                counts.first = counts.first ?? record.timestamp
                counts.last = record.timestamp
                switch record.body {
                case .decision(let decision):
                    counts.kinds["decision", default: 0] += 1
                    counts.verdicts[decision.verdict.rawValue, default: 0] += 1
                case .outcome(let outcome):
                    counts.kinds["outcome", default: 0] += 1
                    counts.outcomes[outcome.ending.rawValue, default: 0] += 1
                case .control: counts.kinds["control", default: 0] += 1
                }
            }
            progress(counts.records)
        }
        return counts
    }

    private func text(_ log: LogDirectory, _ counts: Counts, _ segments: Int, _ bytes: Int, _ head: KeptHead?) -> String
    {
        let list = { (counts: [String: Int]) in
            counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
                .joined(separator: ", ")
        }
        let each = counts.records > 0 ? String(format: "%.1f", Double(bytes) / Double(counts.records)) : "0"
        var lines = [
            "\(log.name)", "  records    \(counts.records): \(list(counts.kinds))",
            "  decisions  \(list(counts.verdicts))",
            "  outcomes   \(list(counts.outcomes))",
            "  bytes      \(bytes) in \(segments) segments, \(each) a record (\(counts.plaintext) as text)",
        ]
        if let first = counts.first, let last = counts.last { lines.append("  time       \(first) to \(last)") }
        lines.append(
            head.map { "  head       \($0.head.size) records, signed \($0.timestamp)" } ?? "  head       none")
        return lines.joined(separator: "\n") + "\n"
    }

    private func object(
        _ log: LogDirectory, _ counts: Counts, _ segments: [UInt64], _ bytes: Int, _ head: KeptHead?
    ) -> [String: Any] {
        var object: [String: Any] = [
            "log": log.name, "path": log.path, "records": counts.records, "kinds": counts.kinds,
            "decisions": counts.verdicts, "outcomes": counts.outcomes, "compressed_bytes": bytes,
            "plaintext_bytes": counts.plaintext, "segments": segments.count,
        ]
        object["first_ts"] = counts.first?.description
        object["last_ts"] = counts.last?.description
        object["signed_size"] = head.map { Int($0.head.size) }
        return object
    }
}
