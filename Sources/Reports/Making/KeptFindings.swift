import Detection
import Events
import Foundation
import Warehouse

/// The findings of a week that is over, kept in the warehouse: the week's calls are gone through once.
///
/// They are sums like a roll-up, but made late: what was found stays true until a call of the week or of the days before it is
/// added, deleted or answered, which the warehouse's fingerprint tells.
struct KeptFindings {
    /// Raised whenever detectors would find something else in the same calls.
    private static let format = 1

    private struct Kept: Codable {
        var fingerprint: String
        var findings: [KeptFinding]
    }

    let store: WarehouseStore
    private let name: String
    private let fingerprint: String

    /// - Parameters:
    ///   - period: the week.
    ///   - span: the week and the days before it, all that detectors look at.
    ///   - settings: the detectors'.
    /// - Throws: `ReportError`.
    init(
        of period: Period, span: Period, settings: DetectionSettings, in store: WarehouseStore
    ) throws(ReportError) {
        self.store = store
        name = "findings \(period.from) \(period.to) \(span.from) \(settings.digest) \(KeptFindings.format)"
        fingerprint = try ask { () throws(WarehouseError) in try store.fingerprint(of: span) }.description
    }

    /// What is kept; nil where nothing is, or of other calls.
    ///
    /// - Throws: `ReportError`.
    func read() throws(ReportError) -> [Finding]? {
        guard let text = try ask({ () throws(WarehouseError) in try store.keptText(name) }),
            let kept = try? JSONDecoder().decode(Kept.self, from: Data(text.utf8)), kept.fingerprint == fingerprint
        else { return nil }
        let findings = kept.findings.compactMap(\.finding)
        return findings.count == kept.findings.count ? findings : nil
    }

    /// Keeps findings.
    ///
    /// - Throws: `ReportError`: the warehouse may be one that can be read only, or a loader be writing.
    func keep(_ findings: [Finding]) throws(ReportError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let kept = Kept(fingerprint: fingerprint, findings: findings.map { KeptFinding($0) })
        guard let data = try? encoder.encode(kept) else { preconditionFailure("numbers and texts can be encoded") }
        let text = String(decoding: data, as: UTF8.self)
        try ask { () throws(WarehouseError) in try store.keep(text, as: name) }
    }
}

/// A finding as JSON has it.
private struct KeptFinding: Codable {
    var rule: String
    var severity: String
    var agent: String
    var server: String
    var tool: String
    var start: Int64
    var detected: Int64
    var lastSeen: Int64
    var attempts: Int
    var denied: Int
    var same: Int
    var peakPerMinute: Int
    var threshold: Int
    var usualPerMinute: Double?
    var inhibitedBy: String?
    var resultUnchanged: Bool
    var firstLog: String
    var firstSeq: UInt64
    var lastLog: String
    var lastSeq: UInt64

    init(_ finding: Finding) {
        rule = finding.rule.rawValue
        severity = finding.severity.rawValue
        agent = finding.agent
        server = finding.server
        tool = finding.tool
        start = finding.start.microseconds
        detected = finding.detected.microseconds
        lastSeen = finding.lastSeen.microseconds
        attempts = finding.attempts
        denied = finding.denied
        same = finding.same
        peakPerMinute = finding.peakPerMinute
        threshold = finding.threshold
        usualPerMinute = finding.usualPerMinute
        inhibitedBy = finding.inhibitedBy?.rawValue
        resultUnchanged = finding.resultUnchanged
        firstLog = finding.firstRecord.log
        firstSeq = finding.firstRecord.seq
        lastLog = finding.lastRecord.log
        lastSeq = finding.lastRecord.seq
    }

    /// nil where a rule or a severity is one that this program does not have.
    var finding: Finding? {
        guard let rule = RuleName(rawValue: rule), let severity = Severity(rawValue: severity) else { return nil }
        var finding = Finding(
            rule: rule, severity: severity, agent: agent, server: server, tool: tool,
            start: Timestamp(microseconds: start), firstRecord: RecordReference(log: firstLog, seq: firstSeq))
        finding.detected = Timestamp(microseconds: detected)
        finding.lastSeen = Timestamp(microseconds: lastSeen)
        finding.attempts = attempts
        finding.denied = denied
        finding.same = same
        finding.peakPerMinute = peakPerMinute
        finding.threshold = threshold
        finding.usualPerMinute = usualPerMinute
        if let inhibitedBy {
            guard let other = RuleName(rawValue: inhibitedBy) else { return nil }
            finding.inhibitedBy = other
        }
        finding.resultUnchanged = resultUnchanged
        finding.lastRecord = RecordReference(log: lastLog, seq: lastSeq)
        return finding
    }
}
