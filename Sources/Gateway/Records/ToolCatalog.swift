import AuditLog
import Crypto
import Events
import MCP
import Policy
import Synchronization

/// What the server has listed: its tools' definitions, by name.
final class ToolCatalog: Sendable {
    /// What is known of one tool.
    struct Tool: Sendable {
        /// Digest of the definition.
        let digest: Digest64
        /// Digest of the definition before the last change; nil where it was always this one.
        let previous: Digest64?
        /// The class of harm that name and annotations say.
        let risk: Risk
        /// The word or the annotation that decided it.
        let why: String
        /// The names of the arguments that its schema declares.
        let arguments: Set<String>
    }

    private let tools = Monitor<[String: Tool]>([:])
    private let count = Atomic(0)

    /// Counts the changes, so that what was looked up before can be looked up again.
    var edition: Int { count.load(ordering: .acquiring) }

    /// A tool as last listed; nil where the server never listed it.
    func tool(_ name: String) -> Tool? {
        tools.withLock { $0[name] }
    }

    /// Everything that was listed, by name, as a server of this name offers it.
    func offered(by server: String) -> [OfferedTool] {
        tools.withLock { $0 }.map { name, known in
            var tool = OfferedTool(
                server: server, tool: name, finding: RiskFinding(risk: known.risk, why: known.why),
                digest: known.digest)
            tool.previous = known.previous
            if known.previous != nil { tool.definition = .changed }
            return tool
        }.sorted(by: OfferedTool.isBefore)
    }

    /// Takes over a page, and gives the names and digests of those whose definition changed.
    func take(_ list: ToolList, reader: inout ToolListReader) -> [(name: String, digest: Digest64)] {
        var changed: [(name: String, digest: Digest64)] = []
        var canonical: [UInt8] = []
        for definition in list.tools {
            canonical.removeAll(keepingCapacity: true)
            reader.appendCanonical(definition, to: &canonical)
            guard let digest = Digest64(prefixOf: SHA256.hash(data: canonical)) else { continue }
            let annotations = Policy.ToolAnnotations(
                readOnly: definition.annotations.readOnlyHint, destructive: definition.annotations.destructiveHint)
            let finding = RiskClassifier.classify(tool: definition.name, annotations: annotations)
            let arguments = Set(definition.argumentNames)
            let old = tools.withLock { tools in
                let old = tools[definition.name]
                tools[definition.name] = Tool(
                    digest: digest, previous: old?.digest == digest ? old?.previous : old?.digest, risk: finding.risk,
                    why: finding.why, arguments: arguments)
                return old
            }
            count.add(1, ordering: .acquiringAndReleasing)
            if let old, old.digest != digest { changed.append((definition.name, digest)) }
        }
        return changed
    }
}
