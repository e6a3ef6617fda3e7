import AuditLog
import Crypto
import Events

/// The key under which arguments and results are digested: equal values are told apart from others, and nobody without
/// the key can test a guess against the log.
struct DigestKey: Sendable {
    /// Have taken in the key, as HMAC (RFC 2104) pads it; copied for every digest.
    ///
    /// That halves the work for short arguments; Crypto's own `HMAC` costs as much again in generic code.
    private let inner: SHA256
    private let outer: SHA256
    /// Eight hexadecimal digits that name the key; digests under different keys never compare.
    let id: String

    init(bytes: [UInt8]) {
        let key = bytes.count > SHA256.blockByteCount ? Array(SHA256.hash(data: bytes)) : bytes
        let padded = key + Array(repeating: 0, count: SHA256.blockByteCount - key.count)
        inner = DigestKey.begin(padded.map { $0 ^ 0x36 })
        outer = DigestKey.begin(padded.map { $0 ^ 0x5C })
        id = String(Digest64(prefixOf: SHA256.hash(data: bytes))?.description.prefix(8) ?? "")
    }

    private static func begin(_ block: [UInt8]) -> SHA256 {
        var hash = SHA256()
        block.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return hash
    }

    /// Reads the key of a log, or makes one: see `KeyFile`.
    ///
    /// - Throws: `GatewayError.key` when others can read the file, or it cannot be made.
    static func load(
        stateFolder: String, origin: String, files: any LogFileSystem = PosixFileSystem()
    ) throws(GatewayError) -> DigestKey {
        do throws(LogError) {
            return DigestKey(bytes: try KeyFile.load("digest", of: origin, in: stateFolder, on: files))
        } catch {
            throw GatewayError(.key, error.message, hint: error.hint)
        }
    }

    /// HMAC-SHA-256, truncated to eight bytes.
    func digest(_ bytes: UnsafeRawBufferPointer) -> Digest64 {
        var (inner, outer) = (inner, outer)
        inner.update(bufferPointer: bytes)
        inner.finalize().withUnsafeBytes { outer.update(bufferPointer: $0) }
        return outer.finalize().withUnsafeBytes { Digest64(UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self))) }
    }
}
