public import ArgumentParser
import AuditLog
import Events
import Foundation
public import Reports
import Terminal

/// `tollgate log export`: records for other tools.
struct LogExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print a log's records as its own lines, as CSV, as OpenTelemetry logs or as OCSF events.",
        discussion: """
            Only what is durable. OCSF events are made of decisions alone (class 6003, API Activity).

            Examples:
              tollgate log export --log DIR --format csv --since 7d > week.csv
              tollgate log export --log DIR --format otlp-json --since 2026-11-16 --until 2026-11-23
            """)

    @OptionGroup var selection: OneLog
    @Option(help: "ndjson, csv, otlp-json or ocsf.")
    var format = ExportFormat.ndjson
    @OptionGroup var times: TimeSelection

    func run() throws {
        let log = try selection.existing().log
        let (since, until) = (times.since?.timestamp, times.until?.timestamp)
        let reader = try since.map { try LogReader(log, fromTime: $0) } ?? LogReader(log)
        var export = RecordExport(format, log: log.name)
        var out = LineBuffer(capacity: 1 << 20)
        var (count, unreadable) = (0, 0)
        var progress = Console.progress("exporting", unit: "records")
        export.begin(&out)
        while let block = try reader.nextBlock() {
            block.forEachLine { _, line in
                guard let record = try? Record(utf8: line) else { return unreadable += 1 }
                if let since, record.timestamp < since { return }
                if let until, record.timestamp >= until { return }
                export.append(record, line: line, to: &out)
                count += 1
            }
            if out.count > 512 << 10 { try flush(&out) }
            progress.update(count, now: Console.now)
        }
        export.finish(&out)
        try flush(&out)
        progress.finish()
        guard unreadable > 0 else { return }
        throw Failure(
            "\(unreadable) lines are no records and were left out", hint: "tollgate log verify --log \(log.path)",
            status: 3)
    }

    private func flush(_ out: inout LineBuffer) throws {
        var rest = out.bytes
        while !rest.isEmpty {
            let written = Glibc.write(1, rest.baseAddress, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                // A reader that has left (`| head`) is no error of ours.
                if errno == EPIPE { Foundation.exit(0) }
                throw Failure("standard output cannot be written: \(String(cString: strerror(errno)))", status: 6)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
        out.truncate(to: 0)
    }
}

extension ExportFormat: ExpressibleByArgument {}
