public import Events

/// A form in which records leave the log for other tools.
public enum ExportFormat: String, Sendable, CaseIterable {
    /// The log's own lines, byte for byte.
    case ndjson
    /// RFC 4180, a row for each record.
    case csv
    /// OpenTelemetry's log records, as its file exporter writes them: an `ExportLogsServiceRequest` a line.
    case otlpJSON = "otlp-json"
    /// OCSF's API Activity (class 6003), one event a line; decisions only.
    case ocsf
}

/// Writes records in another form, one after the other.
public struct RecordExport: ~Copyable {
    private let format: ExportFormat
    private let log: String
    /// Records in the OpenTelemetry request that is being written.
    private var batched = 0
    private static let batch = 500

    /// - Parameter log: the log's name; `<log>/<seq>` is a record's.
    public init(_ format: ExportFormat, log: String) {
        self.format = format
        self.log = log
    }

    /// Writes what stands before the first record.
    public func begin(_ out: inout LineBuffer) {
        if format == .csv { CSVExport.header(&out) }
    }

    /// Writes one record.
    ///
    /// - Parameter line: as it stands in the log, its line feed left off.
    public mutating func append(_ record: Record, line: UnsafeRawBufferPointer, to out: inout LineBuffer) {
        switch format {
        case .ndjson:
            out.append(line)
            out.append("\n")
        case .csv: CSVExport.append(record, to: &out)
        case .ocsf: OCSFExport.append(record, log: log, to: &out)
        case .otlpJSON:
            if batched == 0 { OTLPExport.begin(log: log, &out) } else { out.append(",") }
            OTLPExport.append(record, log: log, to: &out)
            batched += 1
            if batched == RecordExport.batch { finish(&out) }
        }
    }

    /// Writes what stands behind the last record.
    public mutating func finish(_ out: inout LineBuffer) {
        if batched > 0 { OTLPExport.end(&out) }
        batched = 0
    }
}

extension LineBuffer {
    /// Appends `"key":"text"` behind what stands there; nothing where there is no text.
    mutating func member(_ key: StaticString, _ text: String?) {
        guard let text else { return }
        append(key)
        append(json: text, maximum: .max)
    }

    /// Appends `"key":number`.
    mutating func member(_ key: StaticString, _ number: Int?) {
        guard let number else { return }
        append(key)
        append(decimal: Int64(number))
    }
}
