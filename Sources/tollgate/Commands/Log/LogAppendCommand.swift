import ArgumentParser
import AuditLog
import Foundation
import Terminal

/// `tollgate log append`: takes records from elsewhere into a log of their own.
struct LogAppendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append",
        abstract: "Import records from standard input into a log of kind import, which is made if need be.",
        discussion: """
            One record a line, as `zcat` shows another gateway's log. Times are kept; seqs where they are the next one.
            Lines that are no records, and outcomes without their decision, are left out, counted and named.

            Exit status: 0 all lines, 1 some were left out.

            Examples:
              zcat other/seg/*.ndjson.gz | tollgate log append --log imported
              tollgate simulate --stdout | tollgate log append --log imported
            """)

    @OptionGroup var selection: OneLog
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let log = selection.folder
        var options = LogOptions()
        options.purpose = .imported
        options.writesOwnRecords = false
        options.heartbeatSeconds = 0
        options.durability = .interval(milliseconds: 1000)
        options.stateFolder = Places.state
        options.version = Version.text
        let writer = try LogWriter.open(log, options: options)
        var importer = LogImporter(into: writer)
        do {
            try read(into: &importer)
            try importer.finish()
        } catch {
            try? writer.close()
            throw error
        }
        try writer.close()
        try report(log, importer)
    }

    private func read(into importer: inout LogImporter) throws {
        var progress = Console.progress("importing", unit: "records")
        var pending: [UInt8] = []
        var isOverlong = false
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let got = Glibc.read(0, &buffer, buffer.count)
            guard got >= 0 else {
                if errno == EINTR { continue }
                throw Failure("standard input cannot be read: \(String(cString: strerror(errno)))", status: 6)
            }
            if got == 0 { break }
            var rest = buffer[..<got]
            while let end = rest.firstIndex(of: 0x0A) {
                pending += rest[..<end]
                if isOverlong {
                    importer.rejectOverlong()
                } else {
                    try pending.withUnsafeBytes { try importer.append($0) }
                }
                (pending, isOverlong) = ([], false)
                rest = rest[(end + 1)...]
            }
            pending += rest
            // No record is that long: it is not kept to be refused in the end.
            if pending.count > 1 << 20 { (pending, isOverlong) = ([], true) }
            progress.update(importer.count, now: Console.now)
        }
        if isOverlong {
            importer.rejectOverlong()
        } else if !pending.isEmpty {
            try pending.withUnsafeBytes { try importer.append($0) }
        }
        progress.finish()
    }

    private func report(_ log: LogDirectory, _ importer: borrowing LogImporter) throws {
        if json {
            let rejected: [[String: Any]] = importer.firstRejections.map { ["line": $0.line, "reason": $0.reason] }
            let object: [String: Any] = [
                "log": log.name, "imported": importer.count, "renumbered": importer.renumbered,
                "rejected": importer.rejections, "first_rejections": rejected, "left_out": importer.leftOut,
            ]
            Console.output(JSONText.line(object) + "\n")
        } else {
            Console.output(
                "\(log.name): \(importer.count) records imported, \(importer.renumbered) with another seq\n")
        }
        if !importer.leftOut.isEmpty {
            let fields = importer.leftOut.sorted { $0.key < $1.key }.map { "\(VisibleText.of($0.key)) (\($0.value))" }
            Console.error(
                "tollgate: fields that this tollgate does not know were left out: \(fields.joined(separator: ", "))\n")
        }
        guard importer.rejections > 0 else { return }
        let named = importer.firstRejections.map { "line \($0.line): \($0.reason)" }.joined(separator: "\n")
        throw Failure(
            "\(importer.rejections) lines were left out:\n\(named)", hint: "tollgate log verify --log \(log.path)",
            status: 1)
    }
}
