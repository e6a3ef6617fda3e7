import MCP
import NIOHTTP1
import Policy

/// A request whose caller is known and may speak to the server it names.
final class Admission {
    private let caller: KnownCaller
    let route: ServerRoute
    /// The caller's address.
    let peer: String
    let head: HTTPRequestHead
    let facts: RequestHead

    init(_ caller: KnownCaller, route: ServerRoute, peer: String, head: HTTPRequestHead, facts: RequestHead) {
        self.caller = caller
        self.route = route
        self.peer = peer
        self.head = head
        self.facts = facts
    }

    var grant: Grant { caller.grant }
    /// The grant's policy; nil denies every call.
    var policy: CompiledPolicy? { caller.policy }
    /// The edition of grants and policies that it was looked up in.
    var edition: Int { caller.edition }

    /// Whether lists of tools have to be changed before this caller may see them.
    var hidesTools: Bool { policy?.hidesTools ?? false }
}

/// What a credential stands for, kept by the connection that showed it: the next request mostly shows the same.
final class KnownCaller {
    let authorization: String
    /// Which edition of grants and policies it was looked up in.
    let edition: Int
    let grant: Grant
    /// The grant's policy.
    let policy: CompiledPolicy?

    init(authorization: String, edition: Int, grant: Grant, policy: CompiledPolicy?) {
        self.authorization = authorization
        self.edition = edition
        self.grant = grant
        self.policy = policy
    }
}

/// What a connection's last request was addressed to; the next is mostly addressed alike.
final class KnownAddress {
    let host: String
    let uri: String
    /// Which edition of servers and names it was looked up in.
    let edition: Int
    let target: RequestTarget
    /// The server's route, where it names a server that there is.
    let route: ServerRoute?
    let path: Substring
    let query: Substring

    init(
        host: String, uri: String, edition: Int, target: RequestTarget, route: ServerRoute?, path: Substring,
        query: Substring
    ) {
        self.host = host
        self.uri = uri
        self.edition = edition
        self.target = target
        self.route = route
        self.path = path
        self.query = query
    }
}
