import AuditLog
import Events
import MCP
import Policy

/// Looks at lists of tools on their way to a client: notes what is listed, takes hidden tools out.
struct ToolListFilter {
    /// What becomes of a message.
    enum Verdict {
        /// It passes byte for byte.
        case pass
        /// It passes changed: the new message is in ``ToolListFilter/filtered``.
        case replace
        /// It may show hidden tools and cannot be read.
        case refuse(ToolListError)
    }

    private let log: LogWriter
    private var lists: ToolListReader
    /// The last changed message.
    private(set) var filtered: [UInt8] = []

    /// - Parameter maximumBytes: the most bytes of one page.
    init(log: LogWriter, maximumBytes: Int = 16 << 20) {
        self.log = log
        lists = ToolListReader(maximumBytes: maximumBytes)
    }

    /// Judges a server's message.
    ///
    /// Where tools are hidden, a list is recognised by what it is, not by what it answers: an id that was written anew,
    /// or reused after a cancellation, must not let it through.
    ///
    /// - Parameters:
    ///   - request: what the message answers, if it answers anything.
    ///   - policy: the policy of the client that it goes to.
    mutating func judge(
        _ message: UnsafeRawBufferPointer, answering request: OpenRequest?, policy: CompiledPolicy?, server: String,
        catalog: ToolCatalog
    ) -> Verdict {
        let hides = policy?.hidesTools ?? false
        guard request?.method == .toolsList || hides else { return .pass }
        let list: ToolList
        do {
            list = try lists.read(message)
        } catch {
            return hides && mayShowTools(message, request, error) ? .refuse(error) : .pass
        }
        if request?.method == .toolsList { note(list, server: server, in: catalog) }
        guard hides, let policy else { return .pass }
        filtered.removeAll(keepingCapacity: true)
        let change = lists.filter(list, privateCache: request?.era == .stateless, into: &filtered) { name in
            policy.standing(ofTool: name) == .hidden && policy.mode(ofTool: name) == .enforce
        }
        guard change.isChanged else { return .pass }
        if change.removed > 0 {
            log.append(Control(.toolsFiltered).with(.server, server).with(.removed, change.removed))
        }
        return .replace
    }

    /// Whether a message that could not be read as a list may still be one to a client: the answer to `tools/list`, a
    /// batch, an object with a key twice, or what a more tolerant reader takes for JSON.
    private func mayShowTools(
        _ message: UnsafeRawBufferPointer, _ request: OpenRequest?, _ error: ToolListError
    ) -> Bool {
        if request?.method == .toolsList, error != .notAToolList { return true }
        switch error {
        case .duplicateKey, .notJSON: return !MessageFraming.isBlank(message)
        case .notAToolList: break
        }
        return message.first { $0 > 0x20 } == UInt8(ascii: "[")
    }

    private mutating func note(_ list: ToolList, server: String, in catalog: ToolCatalog) {
        for (name, digest) in catalog.take(list, reader: &lists) {
            log.append(
                Control(.toolChanged).with(.server, server).with(.tool, name).with(.toolDigest, digest.description))
        }
    }
}
