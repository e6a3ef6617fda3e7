public import AuditLog
import Events

/// Sealing and retention as the control socket carries them, for a running gateway and for a command that holds the log
/// itself.
public enum LogUpkeep {
    /// Ends the active segment and seals all that are finished.
    public static func seal(_ log: LogWriter, progress: (Int) -> Void = { _ in }) throws(LogError) -> ControlReply {
        let report = try log.seal(progress: progress)
        return .done([
            ("sealed", .list(report.sealed.map { segment($0) })), ("bytes_before", .integer(report.bytesBefore)),
            ("bytes", .integer(report.sealed.reduce(0) { $0 + $1.bytes })),
            (
                "left",
                .list(
                    report.left.map {
                        .object([("segment", .text(LogDirectory.segmentName($0.segment))), ("why", .text($0.why))])
                    })
            ),
        ])
    }

    /// Removes what a rule lets go.
    public static func retain(_ log: LogWriter, _ rule: Retention) throws(LogError) -> ControlReply {
        reply(try log.retain(by: rule))
    }

    /// What retention did, or would do.
    public static func reply(_ report: RetentionReport) -> ControlReply {
        .done([
            ("removed", .list(report.removed.map { segment($0) })), ("bytes", .integer(report.bytes)),
            ("passed", .list(report.expired.map { .text($0.name) })),
            ("stopped_by", report.obstacle.map { .text($0.text) } ?? .null),
        ])
    }

    private static func segment(_ manifest: SegmentManifest) -> ControlValue {
        .object([
            ("segment", .text(LogDirectory.segmentName(manifest.firstSeq))),
            ("first_seq", .integer(Int(manifest.firstSeq))), ("last_seq", .integer(Int(manifest.nextSeq) - 1)),
            ("last_ts", .text(manifest.lastTimestamp.description)), ("bytes", .integer(manifest.bytes)),
        ])
    }

    /// A request for retention.
    public static func request(_ rule: Retention) -> ControlRequest {
        var fields: [(name: String, value: ControlValue)] = [
            ("keep_seconds", .integer(Int(rule.keepSeconds))), ("force", .flag(rule.passesReaders)),
        ]
        if let age = rule.ageSeconds { fields.append(("age_seconds", .integer(Int(age)))) }
        if let bytes = rule.bytes { fields.append(("bytes", .integer(bytes))) }
        return ControlRequest(.retain, fields)
    }

    /// Answers a request about a log to a process that has nothing but the log: `tollgate run`.
    public static func answer(_ request: ControlRequest, about log: LogWriter) -> ControlReply {
        do throws(LogError) {
            switch request.action {
            case .status:
                return .done([
                    ("log", .text(log.log.path)), ("next_seq", .integer(Int(log.nextSeq))),
                    ("well", .flag(log.trouble == nil)),
                ])
            case .seal: return try seal(log)
            case .retain: return try retain(log, request)
            default: return .refused("this process does not know how to \(request.action.rawValue)")
            }
        } catch {
            return .refused(error.description, hint: error.hint)
        }
    }

    /// Does what such a request asks.
    static func retain(_ log: LogWriter, _ request: ControlRequest) throws(LogError) -> ControlReply {
        var rule = Retention()
        rule.ageSeconds = request["age_seconds"]?.integer.map { Int64($0) }
        rule.bytes = request["bytes"]?.integer
        if let keep = request["keep_seconds"]?.integer { rule.keepSeconds = Int64(keep) }
        rule.passesReaders = request["force"]?.flag ?? false
        return try retain(log, rule)
    }
}

extension RetentionReport.Obstacle {
    /// Why retention went no further.
    public var text: String {
        switch self {
        case .hold(let reason): "the log is held: \(reason)"
        case .tooYoung(let until): "the next segment is kept until \(until)"
        case .reader(let lease): "the reader \(lease.name) is at record \(lease.nextSeq)"
        case .unsealed: "the next segment is not sealed"
        case .refused(let why): why
        }
    }
}
