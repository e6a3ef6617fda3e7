import Events

/// Who called, as limits tell callers apart.
public struct Caller: Sendable, Hashable {
    /// The agent, from the credential.
    public var agent: String?
    /// The credential's id; absent for `run`.
    public var grant: String?
    /// The protocol session, where there is one.
    public var session: String?
    /// The upstream's configured name.
    public var server: String

    /// Names a caller.
    public init(agent: String?, grant: String?, session: String?, server: String) {
        self.agent = agent
        self.grant = grant
        self.session = session
        self.server = server
    }
}

/// A scope's value: what a limit's counters are told apart by.
struct ScopeKey {
    /// Bytes that the longest key takes: a tag and three names with their lengths.
    static let maximumBytes = 1 + 3 * (2 + TextBound.name)

    /// Which names follow, so that a grant and an agent of one name differ.
    private let tag: UInt8
    private let first: String?
    private let second: String?
    private let third: String?

    private init(_ tag: UInt8, _ first: String? = nil, _ second: String? = nil, _ third: String? = nil) {
        self.tag = tag
        self.first = first
        self.second = second
        self.third = third
    }

    /// The key of a scope, nil where the caller has no identity to tell it by.
    static func of(_ scope: LimitScope, _ caller: Caller) -> ScopeKey? {
        switch scope {
        case .grant:
            if let grant = caller.grant { return ScopeKey(1, grant) }
            return caller.agent.map { ScopeKey(2, $0, caller.server) }
        case .agent:
            if let agent = caller.agent { return ScopeKey(3, agent) }
            return caller.grant.map { ScopeKey(1, $0) }
        case .session:
            guard let session = caller.session else { return of(.grant, caller) }
            if let grant = caller.grant { return ScopeKey(4, grant, caller.server, session) }
            return caller.agent.map { ScopeKey(5, $0, caller.server, session) }
        case .server: return ScopeKey(6, caller.server)
        case .global: return ScopeKey(7)
        }
    }

    /// Writes the key; the buffer has room for `maximumBytes`.
    ///
    /// - Returns: how many bytes were written.
    func write(to buffer: UnsafeMutableRawBufferPointer) -> Int {
        buffer[0] = tag
        var end = 1
        if let name = first { end = ScopeKey.write(name, to: buffer, at: end) }
        if let name = second { end = ScopeKey.write(name, to: buffer, at: end) }
        if let name = third { end = ScopeKey.write(name, to: buffer, at: end) }
        return end
    }

    @inline(__always)
    private static func write(_ name: String, to buffer: UnsafeMutableRawBufferPointer, at start: Int) -> Int {
        let written = name.utf8.withContiguousStorageIfAvailable { utf8 -> Int? in
            guard utf8.count <= TextBound.name else { return nil }
            buffer.storeBytes(of: UInt16(utf8.count), toByteOffset: start, as: UInt16.self)
            UnsafeMutableRawBufferPointer(rebasing: buffer[(start + 2)...]).copyMemory(
                from: UnsafeRawBufferPointer(utf8))
            return start + 2 + utf8.count
        }
        return written.flatMap(\.self) ?? writeCut(name, to: buffer, at: start)
    }

    /// Writes a long name as the record has it, so that a counter rebuilt from the log is the same counter.
    private static func writeCut(_ name: String, to buffer: UnsafeMutableRawBufferPointer, at start: Int) -> Int {
        let utf8 = Array(RecordText.cut(name, maximum: TextBound.name).utf8)
        buffer.storeBytes(of: UInt16(utf8.count), toByteOffset: start, as: UInt16.self)
        for (index, byte) in utf8.enumerated() { buffer[start + 2 + index] = byte }
        return start + 2 + utf8.count
    }
}

/// Texts as records keep them.
enum RecordText {
    /// A text of more than `maximum` bytes as `LineBuffer.append(json:maximum:)` writes it.
    ///
    /// That is a prefix, a digest (FNV-1a, 64 bits) and the length; a test holds the two together.
    static func cut(_ text: String, maximum: Int) -> String {
        let utf8 = Array(text.utf8)
        guard utf8.count > maximum else { return text }
        var length = max(0, maximum - 40)
        while length > 0, utf8[length] & 0xC0 == 0x80 { length -= 1 }
        let digest = Digest64(utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
        return String(decoding: utf8[..<length], as: UTF8.self) + "\u{2026}#\(digest)+\(utf8.count)"
    }

    /// A recorded argument of at most as many bytes as the record keeps, `…` at the end where something is missing.
    static func shortened(_ text: String) -> String {
        let utf8 = Array(text.utf8.prefix(TextBound.argument + 1))
        guard utf8.count > TextBound.argument else { return text }
        var length = TextBound.argument - 3
        while length > 0, utf8[length] & 0xC0 == 0x80 { length -= 1 }
        return String(decoding: utf8[..<length], as: UTF8.self) + "\u{2026}"
    }
}
