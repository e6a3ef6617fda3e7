public import Policy
import StrictJSON

/// Everything that `serve` works by: the configuration, its policies compiled, its grants.
public struct ServeSettings: Sendable {
    /// What the configuration says.
    public let configuration: ServeConfiguration
    /// The policies by name.
    public let policies: [String: CompiledPolicy]
    /// The grants of the configuration and of `grants_file`.
    public let grants: GrantTable
    /// Every file that was read, as it was before reading: when one has changed, load again.
    public let files: [FileStamp]

    /// Whether any of the files is another than it was.
    public var haveFilesChanged: Bool { files.contains { $0.hasChanged } }

    /// Reads a configuration and everything it names.
    ///
    /// ```swift
    /// let settings = try ServeSettings.load("/etc/tollgate/serve.json", environment: ["ECS_TOKEN": "…"])
    /// ```
    ///
    /// - Parameters:
    ///   - path: the file, absolute; relative paths in it begin in its folder.
    ///   - environment: where `env:NAME` is looked up.
    /// - Throws: ``ConfigurationError`` with every problem at once.
    public static func load(
        _ path: String, environment: [String: String]
    ) throws(ConfigurationError) -> ServeSettings {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let surroundings = ConfigurationSurroundings.process(
            folder: folder.isEmpty ? "/" : folder, environment: environment)
        let own = FileStamp(path)
        let bytes: [UInt8]
        do {
            bytes = try ConfigurationSurroundings.read(path).bytes
        } catch {
            throw .unreadable(path, error.words)
        }
        let text: ConfigurationText
        do {
            text = try ConfigurationText(bytes, form: ConfigurationText.Form(path: path))
        } catch {
            throw .refused(path, [error], files: [own])
        }
        var reader = ConfigurationReader(text, surroundings: surroundings)
        reader.refuseDuplicateKeys()
        let configuration = reader.readConfiguration()
        let policies = reader.compilePolicies(of: configuration)
        let fromFile = reader.grants(inFileOf: configuration)
        let files = [own] + reader.stamps
        let problems = reader.problems + fromFile.problems
        guard problems.isEmpty else { throw .refused(path, problems, files: files) }
        return ServeSettings(
            configuration: configuration, policies: policies,
            grants: GrantTable(configuration.grants + fromFile.grants, revoked: fromFile.revoked), files: files)
    }
}

extension ConfigurationReader {
    /// Reads and compiles every policy.
    fileprivate mutating func compilePolicies(of configuration: ServeConfiguration) -> [String: CompiledPolicy] {
        var policies: [String: CompiledPolicy] = [:]
        for (name, path) in configuration.policies.sorted(by: { $0.key < $1.key }) {
            let place = place(of: "policies", name)
            switch contents(of: path) {
            case .failure(let error):
                refuse(
                    .notFound, place, found: "\(path), which cannot be read (\(error.words))",
                    expected: "a policy's file")
            case .success(let contents):
                let reading = PolicyLoader.read(contents.bytes, of: path)
                for problem in reading.errors {
                    refuse(
                        .policy, place, found: "\(path) with an error at \(problem)",
                        expected: "a policy (tollgate policy check \(path))")
                }
                if let document = reading.document {
                    policies[name] = PolicyLoader.compile(document, name: name)
                }
            }
        }
        return policies
    }

    /// Reads `grants_file`; a file that is not there yet has no grants.
    fileprivate mutating func grants(
        inFileOf configuration: ServeConfiguration
    ) -> (grants: [Grant], revoked: [RevokedGrant], problems: [ConfigurationProblem]) {
        guard let path = configuration.grantsFile else { return ([], [], []) }
        let place = place(of: "grants_file")
        let stamp = FileStamp(path)
        switch contents(of: path) {
        case .failure where !stamp.exists: return ([], [], [])
        case .failure(let error):
            refuse(
                .notFound, place, found: "\(path), which cannot be read (\(error.words))", expected: "a file of grants")
            return ([], [], [])
        case .success(let contents):
            guard !contents.isExposed else {
                refuse(
                    .exposed, place, found: "\(path), which others can read", expected: "mode 0600 (chmod 600 \(path))")
                return ([], [], [])
            }
            let text: ConfigurationText
            do {
                text = try ConfigurationText(contents.bytes, form: .json)
            } catch {
                var problem = error
                problem.file = path
                return ([], [], [problem])
            }
            var reader = ConfigurationReader(text, surroundings: surroundings, file: path)
            let known = names(of: "servers")
            let (grants, revoked) = reader.readGrantsFile(servers: known, policies: names(of: "policies"))
            refuseRepeated(configuration.grants, in: grants, path: path)
            return (grants, revoked, reader.problems)
        }
    }

    /// Refuses grants of the configuration that the file has as well.
    private mutating func refuseRepeated(_ own: [Grant], in grants: [Grant], path: String) {
        let ids = Set(grants.map(\.id))
        let tokens = Set(grants.map(\.tokenSHA256))
        guard let list = tree.member(tree.root, "grants") else { return }
        for (index, element) in tree.elements(list).enumerated() {
            let place = Place(element, "/grants/\(index)")
            guard let id = tree.member(element, "id").flatMap({ tree.string($0) }),
                let grant = own.first(where: { $0.id == id })
            else { continue }
            if ids.contains(id) {
                refuse(
                    .duplicate, place, found: "the id \"\(id)\"", expected: "an id that \(path) does not have as well")
            } else if tokens.contains(grant.tokenSHA256) {
                refuse(.duplicate, place, found: "a token that \(path) has as well", expected: "a token of its own")
            }
        }
    }

    /// The value at a path of keys; the root where there is none.
    private func place(of keys: String...) -> Place {
        var node = tree.root
        for key in keys { node = tree.member(node, named: key) ?? node }
        return Place(node, keys.map { "/" + ConfigurationReader.escaped($0) }.joined())
    }

    private func names(of field: String) -> [String] {
        tree.member(tree.root, named: field).map { tree.members($0).compactMap { tree.string($0.key) } } ?? []
    }
}
