import Crypto
import Policy
import StrictJSON

/// What an approval is for: one caller, one server, one tool, and exactly these bytes of arguments.
struct HoldKey: Hashable, Sendable {
    /// The grant, or the agent where there is none: whose calls wait together.
    let owner: String
    let server: String
    let tool: String
    private let arguments: [UInt8]

    /// - Parameter arguments: a node of `tree`; nil where the call has none.
    init(_ caller: Caller, tool: String, arguments: JSONNode?, in tree: JSONTree) {
        owner = caller.grant ?? caller.agent ?? ""
        server = caller.server
        self.tool = tool
        self.arguments =
            arguments.map { node in
                tree.withUnsafeBytes(of: node) { bytes in
                    var hash = SHA256()
                    hash.update(bufferPointer: bytes)
                    return Array(hash.finalize())
                }
            } ?? []
    }
}
