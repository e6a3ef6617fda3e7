import AuditLog
public import Events
import Glibc
import StrictJSON

/// What a server listed when it was asked last: names and digests of definitions, in a file of the state folder.
public struct ToolMemory: Sendable {
    private let folder: String
    private let path: String

    /// The memory of one server.
    ///
    /// - Parameters:
    ///   - server: its name, which need not be a file's.
    ///   - stateFolder: the user's own folder for what is no log.
    public init(server: String, stateFolder: String) {
        folder = stateFolder + "/tools"
        // Two servers whose names differ in what a file's name cannot have are two files.
        let digest = TokenDigest.hexadecimal(Array(TokenDigest.hash(server.utf8).prefix(4)))
        path = "\(folder)/\(ServerName.folder(for: server))-\(digest).json"
    }

    /// Compares a listing with the last one and keeps it.
    ///
    /// - Parameters:
    ///   - tools: all that the server listed now.
    ///   - now: when.
    /// - Returns: the same with what is known of their definitions, and those that are gone; by name.
    /// - Throws: ``GatewayError`` where the memory cannot be read or written.
    public func update(_ tools: [OfferedTool], now: Timestamp) throws(GatewayError) -> [OfferedTool] {
        let before = try read()
        let known = Dictionary(before.map { (Array($0.tool.utf8), $0) }) { first, _ in first }
        var after = tools.map { tool in
            var tool = known[Array(tool.tool.utf8)].map { $0.relisted(as: tool, now: now) } ?? tool
            // A change is told once; the digest before it stays known.
            if tool.changed != now, tool.definition == .changed { tool.definition = .same }
            return tool
        }
        try write(after)
        let names = Set(tools.map { Array($0.tool.utf8) })
        after += before.filter { !names.contains(Array($0.tool.utf8)) }.map { tool in
            var tool = tool
            tool.definition = .gone
            return tool
        }
        return after.sorted(by: OfferedTool.isBefore)
    }

    private func read() throws(GatewayError) -> [OfferedTool] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try PosixFileSystem().contents(of: path)
        } catch {
            guard error.number != ENOENT else { return [] }
            throw GatewayError(.memory, error.description, hint: "ls -l \(path)")
        }
        let limits = JSONLimits(maximumBytes: 64 << 20, maximumDepth: 8)
        guard let tree = try? JSONTree(parsing: bytes, limits: limits), tree.kind(tree.root) == .array else {
            throw GatewayError(.memory, "\(path) is not what was written there", hint: "rm \(path)")
        }
        return tree.elements(tree.root).compactMap { element in
            let value = ControlValue(tree, element)
            guard var tool = OfferedTool(value) else { return nil }
            tool.changed = value["changed"]?.text.flatMap { Timestamp(text: $0) }
            return tool
        }
    }

    private func write(_ tools: [OfferedTool]) throws(GatewayError) {
        let list = ControlValue.list(
            tools.map { tool in
                guard case .object(let members) = tool.controlValue else { return .null }
                return .object(members + [("changed", tool.changed.map { .text($0.description) } ?? .null)])
            })
        do throws(SystemError) {
            let files = PosixFileSystem()
            try files.makeDirectory(folder)
            try files.replace(path, with: Array(list.json.utf8))
        } catch {
            throw GatewayError(.memory, error.description, hint: "tollgate doctor")
        }
    }
}
