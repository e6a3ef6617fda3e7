import StrictJSON

/// The revisions of the Model Context Protocol that the gateway speaks, oldest first.
public enum ProtocolRevision: String, Sendable, CaseIterable, Comparable {
    /// The first published revision.
    case v2024_11_05 = "2024-11-05"
    /// Adds Streamable HTTP, and batches, which the next revision takes back.
    case v2025_03_26 = "2025-03-26"
    /// Adds structured results and elicitation.
    case v2025_06_18 = "2025-06-18"
    /// Adds tasks.
    case v2025_11_25 = "2025-11-25"
    /// Has no handshake and no session: each request says who it is in `params._meta`.
    case v2026_07_28 = "2026-07-28"

    /// How a client and a server of this revision get to know each other.
    public var era: ProtocolEra { self < .v2026_07_28 ? .handshake : .stateless }

    /// Whether the first revision was published before the second.
    public static func < (left: ProtocolRevision, right: ProtocolRevision) -> Bool { left.rawValue < right.rawValue }
}

/// The two ways in which the protocol is spoken.
public enum ProtocolEra: Sendable {
    /// `initialize` opens a session: revisions up to 2025-11-25.
    case handshake
    /// Every request carries revision and client in `params._meta`: 2026-07-28.
    case stateless
}
