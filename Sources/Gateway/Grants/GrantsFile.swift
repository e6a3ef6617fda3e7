public import AuditLog
public import Events

/// The file of grants that `tollgate grant` writes: mode 0600, replaced whole at every change, durable before a token
/// is shown.
///
/// ```json
/// {"v":1,"grants":[{"id":"ci","agent":"ci-builder","server":"ecs","policy":"builders","token_sha256":"…"}],
///  "revoked":[{"id":"old","token_sha256":"…","at":"2026-11-22T17:36:00.000000Z"}]}
/// ```
public struct GrantsFile: Sendable {
    /// What the file says.
    public struct Contents: Sendable, Equatable {
        /// The grants in the order of their making.
        public var grants: [Grant] = []
        /// The tokens that no longer open anything.
        public var revoked: [RevokedGrant] = []
    }

    /// A grant just made, with the only copy of its token.
    public struct Issued: Sendable, Equatable {
        /// The grant.
        public let grant: Grant
        /// Its token, to be shown once.
        public let token: Token
    }

    /// Where the file is, absolute.
    public let path: String
    private let files: any LogFileSystem

    /// Names a file, which need not exist.
    public init(path: String, files: any LogFileSystem = PosixFileSystem()) {
        self.path = path
        self.files = files
    }

    /// Reads the file; one that is not there has no grants.
    ///
    /// - Throws: ``GrantError`` when it is no such file, or others can read it.
    public func list() throws(GrantError) -> Contents {
        guard FileStamp(path).exists else { return Contents() }
        let surroundings = ConfigurationSurroundings.process(folder: path.parentDirectory, environment: [:])
        let contents: ConfigurationSurroundings.Contents
        do {
            contents = try ConfigurationSurroundings.read(path)
        } catch {
            throw GrantError(.disk, "cannot read the grants \(path): \(error.words)", hint: "ls -l \(path)")
        }
        guard !contents.isExposed else {
            throw GrantError(.refused, "others can read the grants \(path)", hint: "chmod 600 \(path)")
        }
        let text: ConfigurationText
        do {
            text = try ConfigurationText(contents.bytes, form: .json)
        } catch {
            throw refusal([error])
        }
        var reader = ConfigurationReader(text, surroundings: surroundings)
        let read = reader.readGrantsFile(servers: nil, policies: nil)
        guard !reader.hasProblems else { throw refusal(reader.problems) }
        return Contents(grants: read.grants, revoked: read.revoked)
    }

    /// Makes a grant and its token.
    ///
    /// - Throws: ``GrantError`` when something in the request is wrong, or there is a grant of this id.
    public func create(
        _ request: GrantRequest, known: GrantRequest.Known = .init(),
        using generator: inout some RandomNumberGenerator
    ) throws(GrantError) -> Issued {
        let defects = request.defects(known)
        guard defects.isEmpty else {
            throw GrantError(.usage, defects.joined(separator: "\n"), hint: "tollgate grant create --help")
        }
        let issued = GrantsFile.issue(request, using: &generator)
        try change { contents throws(GrantError) in
            guard !known.takenIDs.contains(request.id), !contents.grants.contains(where: { $0.id == request.id })
            else { throw exists([request.id]) }
            contents.grants.append(issued.grant)
        }
        return issued
    }

    /// Makes all grants of a comma-separated list with the header `id,agent,server,policy[,expires,note]`, or none.
    ///
    /// - Throws: ``GrantError`` with every bad row and its line.
    public func createMany(
        _ sheet: [UInt8], known: GrantRequest.Known = .init(), using generator: inout some RandomNumberGenerator
    ) throws(GrantError) -> [Issued] {
        let sheet = GrantSheet(sheet, known: known)
        guard sheet.defects.isEmpty else {
            throw GrantError(
                .usage, "no grant was made:\n" + sheet.defects.map { "  \($0)" }.joined(separator: "\n"),
                hint: "tollgate grant create --help")
        }
        var issued: [Issued] = []
        for entry in sheet.entries { issued.append(GrantsFile.issue(entry.request, using: &generator)) }
        try change { contents throws(GrantError) in
            let taken = Set(contents.grants.map(\.id)).union(known.takenIDs)
            let lines = sheet.entries.filter { taken.contains($0.request.id) }
                .map { "  line \($0.line): id: there is a grant \"\($0.request.id)\" already" }
            guard lines.isEmpty else {
                throw GrantError(
                    .exists, "no grant was made:\n" + lines.joined(separator: "\n"),
                    hint: "tollgate grant list --config FILE")
            }
            contents.grants += issued.map(\.grant)
        }
        return issued
    }

    /// Ends a grant: its token is refused from the next call on.
    ///
    /// - Parameters:
    ///   - id: the grant.
    ///   - configured: a grant that stands in the configuration itself; its token is refused without touching that.
    /// - Throws: ``GrantError`` when there is no such grant.
    @discardableResult
    public func revoke(
        id: String, configured: Grant? = nil, at now: Timestamp
    ) throws(GrantError) -> RevokedGrant {
        try change { contents throws(GrantError) in
            let index = contents.grants.firstIndex { $0.id == id }
            guard let grant = index.map({ contents.grants[$0] }) ?? configured, grant.id == id else {
                throw missing(id, contents)
            }
            if let index { contents.grants.remove(at: index) }
            let revoked = RevokedGrant(id: id, tokenSHA256: grant.tokenSHA256, at: now)
            if let before = contents.revoked.first(where: { $0.tokenSHA256 == grant.tokenSHA256 }) { return before }
            contents.revoked.append(revoked)
            return revoked
        }
    }

    /// Gives a grant a new token; the old one is refused from the next call on.
    ///
    /// - Throws: ``GrantError`` when there is no such grant.
    public func rotate(
        id: String, at now: Timestamp, using generator: inout some RandomNumberGenerator
    ) throws(GrantError) -> Issued {
        let token = Token(using: &generator)
        return try change { contents throws(GrantError) in
            guard let index = contents.grants.firstIndex(where: { $0.id == id }) else { throw missing(id, contents) }
            let old = contents.grants[index].tokenSHA256
            contents.revoked.append(RevokedGrant(id: id, tokenSHA256: old, at: now))
            contents.grants[index].tokenSHA256 = token.sha256
            return Issued(grant: contents.grants[index], token: token)
        }
    }

    // MARK: Changing

    private static func issue(_ request: GrantRequest, using generator: inout some RandomNumberGenerator) -> Issued {
        let token = Token(using: &generator)
        let grant = Grant(
            id: request.id, agent: request.agent, servers: request.servers, policy: request.policy,
            tokenSHA256: token.sha256, expires: request.expires, note: request.note)
        return Issued(grant: grant, token: token)
    }

    /// Reads, changes and replaces the file, alone among all processes.
    private func change<Result>(
        _ body: (inout Contents) throws(GrantError) -> Result
    ) throws(GrantError) -> Result {
        do throws(SystemError) {
            try files.makeDirectory(path.parentDirectory)
        } catch {
            throw GrantsFile.disk(error)
        }
        let lock: FileLock
        do {
            lock = try FileLock(path)
        } catch {
            throw GrantsFile.disk(error)
        }
        defer { lock.release() }
        var contents = try list()
        let before = contents
        let result = try body(&contents)
        guard contents != before else { return result }
        do throws(SystemError) {
            try files.replace(path, with: GrantsFileWriter.bytes(of: contents))
        } catch {
            throw GrantsFile.disk(error)
        }
        return result
    }

    // MARK: Errors

    private func refusal(_ problems: [ConfigurationProblem]) -> GrantError {
        let lines = problems.map { "  \($0)" }.joined(separator: "\n")
        return GrantError(.refused, "the grants \(path) are refused:\n\(lines)", hint: "ls -l \(path)")
    }

    private func exists(_ ids: [String]) -> GrantError {
        let names = ids.map { "\"\($0)\"" }.joined(separator: ", ")
        return GrantError(
            .exists, "there is a grant \(names) already", hint: "tollgate grant rotate \(ids.first ?? "")")
    }

    private func missing(_ id: String, _ contents: Contents) -> GrantError {
        let nearest = NearestName.nearest(to: id, among: contents.grants.map(\.id))
        let wasRevoked = contents.revoked.contains { $0.id == id }
        let message =
            wasRevoked ? "the grant \"\(id)\" is revoked already" : "there is no grant \"\(id)\" in \(path)"
        return GrantError(
            .notFound, message + (nearest.map { "; nearest: \($0)" } ?? ""), hint: "tollgate grant list --config FILE")
    }

    private static func disk(_ error: SystemError) -> GrantError {
        GrantError(.disk, "cannot write the grants: \(error)", hint: "ls -ld \(error.path.parentDirectory)")
    }
}
