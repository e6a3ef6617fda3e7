import Events
import Foundation
import Ingest
import Terminal
import Warehouse

/// A warehouse's statistics, for people and for programs.
enum StatisticsText {
    /// Some lines for people.
    static func lines(_ statistics: WarehouseStatistics) -> String {
        let coverage = statistics.coverage
        var lines = [
            "file       \(statistics.fileBytes) bytes, write-ahead log \(statistics.logBytes) bytes",
            "pages      \(statistics.pageBytes) bytes each, \(statistics.freePages) of them free",
            "schema     \(statistics.schema)",
            "a call     \(statistics.bytesPerCall.map { String(format: "%.1f bytes", $0) } ?? "of unknown size")",
        ]
        lines.append("tables     rows, bytes, oldest – newest")
        let width = statistics.tables.map { "\($0.rows)".count }.max() ?? 1
        for table in statistics.tables {
            let name = table.name.padding(toLength: 17, withPad: " ", startingAt: 0)
            let rows = String(repeating: " ", count: max(0, width - "\(table.rows)".count)) + "\(table.rows)"
            var line = "  \(name) \(rows)  \(table.bytes.map(String.init) ?? "?")"
            if let oldest = table.oldest, let newest = table.newest { line += "  \(oldest) – \(newest)" }
            lines.append(line)
        }
        lines.append("dictionaries")
        for one in statistics.dictionaries {
            let name = one.name.padding(toLength: 17, withPad: " ", startingAt: 0)
            lines.append("  \(name) \(one.names) of \(one.capacity)")
        }
        lines.append("logs       next seq, rejected, late")
        for log in coverage.logs {
            lines.append("  \(VisibleText.of(log.name))  \(log.nextSeq), \(log.rejects), \(log.late)")
        }
        for field in coverage.unknownFields {
            lines.append(
                "unknown    \(VisibleText.of(field.field)) (\(field.kind)) in \(field.n) of "
                    + "\(VisibleText.of(field.log))/\(field.first) – \(field.last)")
        }
        for kept in coverage.kept {
            lines.append("kept       \(kept.subject.rawValue) from \(kept.from) on; \(kept.rows) rows deleted")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same as one JSON object.
    static func object(_ statistics: WarehouseStatistics) -> [String: Any] {
        var object = IngestFigures.coverage(statistics.coverage)
        object["file_bytes"] = statistics.fileBytes
        object["wal_bytes"] = statistics.logBytes
        object["page_bytes"] = statistics.pageBytes
        object["free_pages"] = statistics.freePages
        object["schema"] = statistics.schema
        object["bytes_per_call"] = statistics.bytesPerCall
        object["tables"] = statistics.tables.map { table in
            var fields: [String: Any] = ["name": table.name, "rows": table.rows]
            fields["bytes"] = table.bytes
            fields["oldest"] = table.oldest?.description
            fields["newest"] = table.newest?.description
            return fields
        }
        object["dictionaries"] = statistics.dictionaries.map {
            ["name": $0.name, "names": $0.names, "capacity": $0.capacity] as [String: Any]
        }
        return object
    }
}

/// What was loaded, for programs.
enum IngestFigures {
    static func object(_ summary: IngestSummary, _ coverage: Coverage, _ kept: KeepSummary?) -> [String: Any] {
        var object = IngestFigures.coverage(coverage)
        object["loaded"] = summary.records
        object["loaded_rejected"] = summary.rejects
        object["elapsed_us"] = summary.elapsedMicroseconds
        if let kept {
            object["deleted"] = Dictionary(uniqueKeysWithValues: kept.rows.map { ($0.key.rawValue, $0.value) })
            object["freed_pages"] = kept.freedPages
        }
        return object
    }

    /// What the warehouse holds of the logs.
    static func coverage(_ coverage: Coverage) -> [String: Any] {
        [
            "coverage": coverage.share, "gaps": coverage.gapCount, "rejected": coverage.rejects,
            "logs": coverage.logs.map { log in
                [
                    "log": log.name, "next_seq": log.nextSeq, "records": log.records, "rejected": log.rejects,
                    "late": log.late,
                ] as [String: Any]
            },
            "unknown_fields": coverage.unknownFields.map { field in
                [
                    "log": field.log, "kind": field.kind, "field": field.field, "records": field.n,
                    "first_seq": field.first, "last_seq": field.last,
                ] as [String: Any]
            },
            "kept": coverage.kept.map { kept in
                ["what": kept.subject.rawValue, "from": kept.from.description, "deleted": kept.rows] as [String: Any]
            },
        ]
    }
}
