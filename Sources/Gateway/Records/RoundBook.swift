import AuditLog
import Events
import MCP
import Policy
import StrictJSON

/// Links the rounds of one logical call (2026-07-28): a server may answer with a question, and the client calls again
/// with what was asked for.
///
/// The second round is known by the state that the server handed out, or, where it handed out none, by the same
/// arguments.
struct RoundBook {
    /// Rounds that are remembered; the oldest are forgotten first.
    private static let maximum = 4096

    private struct Call: Hashable {
        let grant: String?
        let server: String
        let tool: String
        let digest: Digest64
    }

    private var rounds: [Call: String] = [:]
    private var order: [Call] = []
    private var oldest = 0

    /// The name of the logical call that a round goes on with: the seq of its first decision; nil for a first round.
    ///
    /// - Parameter digest: of the call's arguments.
    func round(
        of call: ToolCall, in tree: JSONTree, tool: String, grant: String?, server: String, digest: Digest64?,
        key: DigestKey
    ) -> String? {
        guard !rounds.isEmpty, call.hasInputResponses || call.requestState != nil else { return nil }
        let state = call.requestState.map { node in tree.withUnsafeBytes(of: node) { key.digest($0) } }
        guard let digest = state ?? digest else { return nil }
        return rounds[Call(grant: grant, server: server, tool: tool, digest: digest)]
    }

    /// Remembers a call whose answer asks for another round.
    mutating func note(_ request: OpenRequest, answer: UnsafeRawBufferPointer, key: DigestKey) {
        guard let tool = request.tool, let ticket = request.ticket else { return }
        var digest = request.argumentDigest
        if let tree = try? JSONTree(parsing: Array(answer)), let result = tree.member(tree.root, "result"),
            let state = tree.member(result, "requestState")
        {
            digest = tree.withUnsafeBytes(of: state) { key.digest($0) }
        }
        guard let digest else { return }
        let call = Call(grant: request.caller.grant, server: request.caller.server, tool: tool, digest: digest)
        if rounds.updateValue(request.round ?? String(ticket.seq), forKey: call) == nil { order.append(call) }
        while rounds.count > RoundBook.maximum, oldest < order.count {
            rounds[order[oldest]] = nil
            oldest += 1
        }
        if oldest > RoundBook.maximum {
            order.removeFirst(oldest)
            oldest = 0
        }
    }
}
