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
            Only what is durable. OCSF events are made of decisions alone (class 6003, API Activity). With --json one JSON
            object says at the end what was exported: on standard output where --out names a file, else on standard error.

            Examples:
              tollgate log export --log DIR --format csv --since 7d > week.csv
              tollgate log export --log DIR --format otlp-json --since 2026-11-16 --until 2026-11-23
            """)

    @OptionGroup var selection: OneLog
    @Option(help: "ndjson, csv, otlp-json or ocsf.")
    var format = ExportFormat.ndjson
    @OptionGroup var times: TimeSelection
    @Option(
        help: ArgumentHelp("Write into this file, which must not exist, instead of standard output.", valueName: "file")
    )
    var out: String?
    @Flag(help: "Print one JSON object at the end.")
    var json = false

    func run() throws {
        let log = try selection.existing().log
        let (since, until) = (times.since?.timestamp, times.until?.timestamp)
        let reader = try since.map { try LogReader(log, fromTime: $0) } ?? LogReader(log)
        let target = try target()
        var export = RecordExport(format, log: log.name)
        var bytes = LineBuffer(capacity: 1 << 20)
        var (count, unreadable) = (0, 0)
        var progress = Console.progress("exporting", unit: "records")
        export.begin(&bytes)
        while let block = try reader.nextBlock() {
            block.forEachLine { _, line in
                guard let record = try? Record(utf8: line) else { return unreadable += 1 }
                if let since, record.timestamp < since { return }
                if let until, record.timestamp >= until { return }
                export.append(record, line: line, to: &bytes)
                count += 1
            }
            if bytes.count > 512 << 10 { try flush(&bytes, to: target) }
            progress.update(count, now: Console.now)
        }
        export.finish(&bytes)
        try flush(&bytes, to: target)
        progress.finish()
        if json {
            let summary: [String: Any] = [
                "log": log.name, "format": format.rawValue, "records": count, "unreadable": unreadable,
            ]
            let line = JSONText.line(summary) + "\n"
            out == nil ? Console.error(line) : Console.output(line)
        }
        guard unreadable > 0 else { return }
        throw Failure(
            "\(unreadable) lines are no records and were left out", hint: "tollgate log verify --log \(log.path)",
            status: 3)
    }

    /// Where the records go.
    private func target() throws -> Int32 {
        guard let out else { return 1 }
        let descriptor = open(Places.absolute(out), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure("\(out) cannot be made: \(String(cString: strerror(errno)))", hint: "ls -l \(out)")
        }
        return descriptor
    }

    private func flush(_ bytes: inout LineBuffer, to target: Int32) throws {
        var rest = bytes.bytes
        while !rest.isEmpty {
            let written = Glibc.write(target, rest.baseAddress, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                // A reader that has left (`| head`) is no error of ours.
                if errno == EPIPE { Foundation.exit(0) }
                throw Failure("the records cannot be written: \(String(cString: strerror(errno)))", status: 6)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
        bytes.truncate(to: 0)
    }
}

extension ExportFormat: ExpressibleByArgument {}
