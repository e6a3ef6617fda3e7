import Crypto
public import Events

/// What a sealed segment is, for ever: `seg/<seq>.manifest.json`, one line.
///
/// It stays when the segment is removed, so that the tree over the records that were in it is still known, and the heads that
/// were signed over them. Each manifest names the one before by its hash; a head that covers more binds them all.
public struct SegmentManifest: Sendable, Equatable {
    /// The log's name.
    public var origin: String
    /// The first record's seq.
    public var firstSeq: UInt64
    /// The seq behind the last record's.
    public var nextSeq: UInt64
    /// The first record's time.
    public var firstTimestamp: Timestamp
    /// The last record's time.
    public var lastTimestamp: Timestamp
    /// Bytes of the file.
    public var bytes: Int
    /// SHA-256 of the file.
    public var digest: TreeHash
    /// Bytes of its lines.
    public var plaintextBytes: Int
    /// SHA-256 of its lines.
    public var plaintextDigest: TreeHash
    /// The right edge of the tree before its first record.
    public var before: TreeEdge
    /// The right edge of the tree behind its last record.
    public var after: TreeEdge
    /// SHA-256 of the manifest of the segment before, without its heads; nil for the first.
    public var previous: TreeHash?
    /// Heads that were signed while it was written: one an hour, and the last.
    public var heads: [KeptHead] = []

    /// How many records it holds.
    public var records: UInt64 { nextSeq - firstSeq }

    /// What the next manifest is bound to: a hash of all but the heads.
    public var hash: TreeHash { TreeHash(SHA256.hash(data: Array(core.utf8))) }

    /// The line, its line feed included.
    var text: String {
        core + ",\"heads\":["
            + heads.map { KeptHead.line($0.note.whole, at: $0.timestamp).dropLast() }.joined(separator: ",")
            + "]}\n"
    }

    private var core: String {
        let list = { (edge: TreeEdge) in
            "[" + edge.roots.map { "\"\(Base64.encode($0.bytes))\"" }.joined(separator: ",") + "]"
        }
        return """
            {"version":1,"origin":"\(origin)","segment":"\(LogDirectory.segmentName(firstSeq))",\
            "first_seq":\(firstSeq),"next_seq":\(nextSeq),\
            "first_ts":"\(firstTimestamp)","last_ts":"\(lastTimestamp)",\
            "gz_bytes":\(bytes),"gz_sha256":"\(digest.hexadecimal)",\
            "plaintext_bytes":\(plaintextBytes),"plaintext_sha256":"\(plaintextDigest.hexadecimal)",\
            "before":\(list(before)),"after":\(list(after)),"previous":"\(previous?.hexadecimal ?? "")"
            """
    }
}

// MARK: - Reading

extension SegmentManifest {
    /// Reads a manifest strictly: only the very bytes that `text` writes.
    init?(text line: String) {
        var scan = ManifestScan(line)
        guard scan.take("{\"version\":1,\"origin\":\""), let origin = scan.until("\",\"segment\":\""),
            scan.until("\",\"first_seq\":") != nil, let first = scan.until(",\"next_seq\":").flatMap({ UInt64($0) }),
            let next = scan.until(",\"first_ts\":\"").flatMap({ UInt64($0) }), next > first,
            let began = scan.until("\",\"last_ts\":\"").flatMap({ Timestamp(text: $0) }),
            let ended = scan.until("\",\"gz_bytes\":").flatMap({ Timestamp(text: $0) }),
            let bytes = scan.until(",\"gz_sha256\":\"").flatMap({ Int($0) }),
            let digest = scan.until("\",\"plaintext_bytes\":").flatMap({ TreeHash(hexadecimal: $0) }),
            let plaintextBytes = scan.until(",\"plaintext_sha256\":\"").flatMap({ Int($0) }),
            let plaintextDigest = scan.until("\",\"before\":[").flatMap({ TreeHash(hexadecimal: $0) }),
            let before = scan.until("],\"after\":[").flatMap({ TreeEdge(size: first, list: $0) }),
            let after = scan.until("],\"previous\":\"").flatMap({ TreeEdge(size: next, list: $0) }),
            let previous = scan.until("\",\"heads\":["), let list = scan.until("]}\n"), scan.isAtEnd
        else { return nil }
        self.init(
            origin: String(origin), firstSeq: first, nextSeq: next, firstTimestamp: began, lastTimestamp: ended,
            bytes: bytes, digest: digest, plaintextBytes: plaintextBytes, plaintextDigest: plaintextDigest,
            before: before, after: after, previous: previous.isEmpty ? nil : TreeHash(hexadecimal: previous))
        // A head's line ends in `"}`, and no note has a quote in it.
        for line in list.isEmpty ? [] : String(list).split(separator: "},{") {
            let whole = (line.hasPrefix("{") ? "" : "{") + line + (line.hasSuffix("}") ? "" : "}")
            guard let head = KeptHead(line: whole) else { return nil }
            heads.append(head)
        }
        guard text == line else { return nil }
    }

    /// A segment's manifest.
    ///
    /// - Returns: nil where there is none.
    /// - Throws: `LogError.corrupt` where the file is none of this log, `.disk`.
    public static func read(
        _ log: LogDirectory, segment first: UInt64, on files: some LogFileSystem = PosixFileSystem()
    ) throws(LogError) -> SegmentManifest? {
        let path = log.manifestPath(first)
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try files.contents(of: path)
        } catch {
            guard error.number == 2 else { throw LogError(error) }
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self), let manifest = SegmentManifest(text: text),
            manifest.firstSeq == first
        else {
            throw LogError(
                .corrupt, "not a segment's manifest", path: path, hint: "tollgate log verify --log \(log.path)")
        }
        return manifest
    }

    /// The first seqs of all segments that have a manifest, ascending; also of those that are removed.
    static func sealed(_ log: LogDirectory, _ files: any LogFileSystem) -> [UInt64] {
        let end = ".manifest.json"
        return ((try? files.list(log.segmentsPath)) ?? []).compactMap { name in
            name.hasSuffix(end) && name.utf8.count == 20 + end.utf8.count ? UInt64(name.prefix(20)) : nil
        }.sorted()
    }
}

/// Reads a text that is known piece by piece.
private struct ManifestScan {
    private var rest: Substring

    init(_ text: String) {
        rest = text[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ text: String) -> Bool {
        guard rest.hasPrefix(text) else { return false }
        rest = rest.dropFirst(text.count)
        return true
    }

    /// What comes before `mark`, which is passed over.
    mutating func until(_ mark: String) -> Substring? {
        guard let found = rest.firstRange(of: mark) else { return nil }
        defer { rest = rest[found.upperBound...] }
        return rest[..<found.lowerBound]
    }
}

extension TreeHash {
    /// Reads 64 hexadecimal digits.
    init?(hexadecimal text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count == 2 * TreeHash.byteCount else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        self.init(bytes)
    }
}

extension TreeEdge {
    /// Reads the roots as a manifest lists them.
    fileprivate init?(size: UInt64, list: Substring) {
        var roots: [TreeHash] = []
        for item in list.isEmpty ? [] : list.split(separator: ",") {
            guard item.hasPrefix("\""), item.hasSuffix("\""),
                let root = Base64.decode(item.dropFirst().dropLast()).flatMap({ TreeHash($0) })
            else { return nil }
            roots.append(root)
        }
        self.init(size: size, roots: roots)
    }
}
