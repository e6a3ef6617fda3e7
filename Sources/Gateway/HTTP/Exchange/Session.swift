import Events
import MCP
import NIOCore

/// A protocol session of the handshake era: it belongs to the grant that opened it.
final class Session {
    let id: String
    let grant: String
    let server: String
    /// The client's own name and version: a label.
    let client: String?
    /// The revision that the server agreed to.
    var revision: String?
    /// The child process that serves it, where its server is one.
    let child: ChildServer?
    /// Requests without an answer yet, by id.
    var pending: [MessageKey: Exchange] = [:]
    /// Open streams from server to client.
    var streams: [StreamRelay] = []
    private(set) var lastUsed = NIODeadline.now()

    init(id: String, grant: String, server: String, client: String?, revision: String?, child: ChildServer?) {
        self.id = id
        self.grant = grant
        self.server = server
        self.client = client
        self.revision = revision
        self.child = child
    }

    func touch() {
        lastUsed = .now()
    }
}

/// All sessions, by id and server.
struct SessionTable {
    private struct Name: Hashable {
        let id: String
        let server: String
    }

    private var sessions: [Name: Session] = [:]
    private var counts: [String: Int] = [:]

    /// How many sessions there are.
    var count: Int { sessions.count }

    /// How many sessions a grant has.
    func count(of grant: String) -> Int { counts[grant] ?? 0 }

    /// The session of this id, if it belongs to this grant.
    func session(_ id: String, grant: String, server: String) -> Session? {
        guard let session = sessions[Name(id: id, server: server)], session.grant == grant else { return nil }
        session.touch()
        return session
    }

    /// Adds a session; false where another grant has one of the same id.
    mutating func add(_ session: Session) -> Bool {
        let name = Name(id: session.id, server: session.server)
        if let old = sessions[name] {
            guard old.grant == session.grant else { return false }
            remove(old)
        }
        sessions[name] = session
        counts[session.grant, default: 0] += 1
        return true
    }

    mutating func remove(_ session: Session) {
        let name = Name(id: session.id, server: session.server)
        guard sessions[name] === session else { return }
        sessions[name] = nil
        let left = (counts[session.grant] ?? 1) - 1
        counts[session.grant] = left > 0 ? left : nil
    }

    /// All sessions that `isMeant` names.
    func all(where isMeant: (Session) -> Bool) -> [Session] {
        sessions.values.filter(isMeant)
    }
}
