import Events

/// The text of a file of grants: one grant a line, so that two versions can be compared by eye.
enum GrantsFileWriter {
    static func bytes(of contents: GrantsFile.Contents) -> [UInt8] {
        var bytes = Array("{\"v\":1,\n\"grants\":[".utf8)
        append(contents.grants.map(fields(of:)), to: &bytes)
        bytes.append(contentsOf: "],\n\"revoked\":[".utf8)
        append(contents.revoked.map(fields(of:)), to: &bytes)
        bytes.append(contentsOf: "]}\n".utf8)
        return bytes
    }

    private static func fields(of grant: Grant) -> [(String, ControlValue?)] {
        let single = grant.servers.count == 1 ? grant.servers.first : nil
        return [
            ("id", .text(grant.id)), ("agent", .text(grant.agent)), ("server", single.map { .text($0) }),
            ("servers", single == nil ? .list(grant.servers.map { .text($0) }) : nil),
            ("policy", grant.policy.map { .text($0) }),
            ("token_sha256", .text(TokenDigest.hexadecimal(grant.tokenSHA256))),
            ("expires", grant.expires.map { .text($0.description) }), ("note", grant.note.map { .text($0) }),
        ]
    }

    private static func fields(of revoked: RevokedGrant) -> [(String, ControlValue?)] {
        [
            ("id", .text(revoked.id)), ("token_sha256", .text(TokenDigest.hexadecimal(revoked.tokenSHA256))),
            ("at", .text(revoked.at.description)),
        ]
    }

    private static func append(_ entries: [[(String, ControlValue?)]], to bytes: inout [UInt8]) {
        for (index, entry) in entries.enumerated() {
            bytes.append(contentsOf: (index == 0 ? "\n" : ",\n").utf8)
            ControlValue.object(entry.compactMap { name, value in value.map { (name, $0) } }).write(to: &bytes)
        }
        if !entries.isEmpty { bytes.append(UInt8(ascii: "\n")) }
    }
}
