import Crypto
public import Detection
public import Events

/// Where an alert stands.
public enum AlertState: String, Sendable, CaseIterable {
    /// Found, and not yet long enough to tell anybody.
    case pending
    /// People have been told.
    case firing
    /// Over.
    case resolved
}

/// What makes two findings the same alert, whatever their numbers are.
public struct Fingerprint: Sendable, Hashable {
    /// The rule.
    public var rule: RuleName
    /// Who called.
    public var agent: String
    /// The upstream whose tool it is.
    public var server: String
    /// The tool.
    public var tool: String

    /// The fingerprint of a finding.
    public init(_ finding: Finding) {
        rule = finding.rule
        agent = finding.agent
        server = finding.server
        tool = finding.tool
    }
}

/// A finding that people are told about, and what became of it.
public struct Alert: Sendable, Equatable {
    /// 16 hexadecimal digits of SHA-256 over the fingerprint and the start: the same in every replay.
    public var id: String
    /// When what it is about began.
    public var start: Timestamp
    /// The finding as it stands.
    public var finding: Finding
    /// Where it stands.
    public var state: AlertState
    /// When it fired, the last time where it was reopened; in the calls' time.
    public var firedAt: Timestamp?
    /// When it was resolved, in the calls' time.
    public var resolvedAt: Timestamp?

    /// Makes the alert of a finding that was just raised.
    public init(_ finding: Finding) {
        id = Alert.id(of: finding)
        start = finding.start
        self.finding = finding
        state = .pending
    }

    /// The id that a finding's alert has.
    public static func id(of finding: Finding) -> String {
        var hash = SHA256()
        for part in [finding.rule.rawValue, finding.agent, finding.server, finding.tool] {
            // The length keeps apart what would run together.
            hash.update(data: Array("\(part.utf8.count):\(part)".utf8))
        }
        hash.update(data: Array("\(finding.start.microseconds)".utf8))
        return Digest64(prefixOf: hash.finalize())?.description ?? ""
    }
}
