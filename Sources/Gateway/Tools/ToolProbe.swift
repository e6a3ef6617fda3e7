import AuditLog
import Glibc
import MCP
import Policy
import StrictJSON

/// Starts a stdio server, asks it for its tools, all pages of them, and ends it; no tool is called.
public struct ToolProbe {
    /// What is bounded.
    public struct Limits: Sendable {
        /// Milliseconds from the start of the server to the end of its list.
        public var milliseconds = 60_000
        /// The most bytes of one message.
        public var messageBytes = 16 << 20
        /// The most pages.
        public var pages = 10_000
        /// Milliseconds that the server has for ending, before it is told to and before it is made to.
        public var graceMilliseconds = 2000

        /// The defaults.
        public init() {}
    }

    private let limits: Limits
    private let version: String

    /// - Parameter version: what the client calls its version in the handshake.
    public init(version: String, limits: Limits = Limits()) {
        self.version = version
        self.limits = limits
    }

    /// Lists the tools of the server that a command starts.
    ///
    /// - Parameter server: the server's name in what is returned.
    /// - Throws: ``GatewayError``; `.cannotStart` or `.server`.
    public func list(_ command: [String], server: String) throws(GatewayError) -> [OfferedTool] {
        signal(SIGPIPE, SIG_IGN)
        let child = try ChildProcess(command)
        let talk: ProbeTalk
        do throws(SystemError) {
            _ = try WorkerThread(named: "waiter") { child.waitUntilEnded() }
            talk = try ProbeTalk(child, limits)
        } catch {
            child.signal(SIGKILL)
            throw GatewayError(.cannotStart, error.description, hint: "tollgate doctor")
        }
        defer {
            talk.close()
            end(child)
        }
        let catalog = ToolCatalog()
        try list(talk, into: catalog)
        return catalog.offered(by: server)
    }

    private func list(_ talk: ProbeTalk, into catalog: ToolCatalog) throws(GatewayError) {
        let client = #""clientInfo":{"name":"tollgate","version":"\#(version)"}"#
        let hello = try talk.ask(
            "initialize", #"{"protocolVersion":"2025-11-25","capabilities":{},\#(client)}"#)
        var meta = ""
        if hello.isResult {
            talk.tell("notifications/initialized")
        } else {
            // A server of the stateless era alone knows no handshake: each request says what it needs.
            let prefix = "io.modelcontextprotocol/"
            meta =
                #""_meta":{"\#(prefix)protocolVersion":"2026-07-28","\#(prefix)clientCapabilities":{},"#
                + #""\#(prefix)clientInfo":{"name":"tollgate","version":"\#(version)"}}"#
        }
        var reader = ToolListReader(maximumBytes: limits.messageBytes)
        var cursor: [UInt8]?
        var seen: Set<[UInt8]> = []
        repeat {
            let members = [meta, cursor.map { #""cursor":\#(String(decoding: $0, as: UTF8.self))"# } ?? ""]
            let params = members.filter { !$0.isEmpty }.joined(separator: ",")
            let answer = try talk.ask("tools/list", "{\(params)}")
            let page: Result<ToolList, ToolListError> = answer.bytes.withUnsafeBytes { bytes in
                Result { () throws(ToolListError) in try reader.read(bytes) }
            }
            guard case .success(let list) = page, list.isComplete else {
                throw GatewayError(
                    .server, "the server's answer to tools/list is no list of tools: \(answer.words)",
                    hint: "tollgate tools --help")
            }
            _ = catalog.take(list, reader: &reader)
            cursor = ToolProbe.nextCursor(reader.tree)
            guard cursor.map({ seen.insert($0).inserted }) ?? true, seen.count < limits.pages else {
                throw GatewayError(
                    .server,
                    "the server's list of tools has no end: a page comes again, or there are more than \(limits.pages)",
                    hint: "tollgate tools --help")
            }
        } while cursor != nil
    }

    /// The token of the next page's cursor, as the server spelt it.
    private static func nextCursor(_ tree: JSONTree) -> [UInt8]? {
        guard let next = tree.member(tree.root, "result").flatMap({ tree.member($0, "nextCursor") }),
            tree.kind(next) == .string
        else { return nil }
        return Array(tree.bytes[tree.range(next)])
    }

    private func end(_ child: ChildProcess) {
        child.closeInput()
        if !child.waitForEnd(milliseconds: limits.graceMilliseconds) { child.signal(SIGTERM) }
        if !child.waitForEnd(milliseconds: limits.graceMilliseconds) { child.signal(SIGKILL) }
        _ = child.waitForEnd(milliseconds: limits.graceMilliseconds)
        _ = child.reap()
    }
}
