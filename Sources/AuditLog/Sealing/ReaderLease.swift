public import Events
import Glibc

/// What a registered reader has got to: `readers/<name>`, so that retention removes nothing it has not read.
///
/// A lease counts for days after its last renewal (`Retention.leaseSeconds`): a reader that is gone for good must not fill the
/// disk. Renewing is a favour of the reader; where it may not write into the log's folder, it has no lease.
public struct ReaderLease: Sendable, Equatable {
    /// The reader's name, a file's.
    public let name: String
    /// The seq that it reads next.
    public let nextSeq: UInt64
    /// When it said so.
    public let timestamp: Timestamp

    /// - Parameter name: letters, digits, `-` and `.`; others become `-`.
    public init(name: String, nextSeq: UInt64, at timestamp: Timestamp) {
        self.name = String(
            name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") ? $0 : "-" }.prefix(100))
        self.nextSeq = nextSeq
        self.timestamp = timestamp
    }

    /// A name for the reader that keeps its place in a file: its kind, and a checksum of the host's name and the file's path.
    public static func name(_ kind: String, of path: String) -> String {
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        let place = host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) } + [0] + Array(path.utf8)
        let sum = place.withUnsafeBytes { IndexEntry.crc($0) }
        return "\(kind)-\(String(UInt64(sum) + 1 << 32, radix: 16).dropFirst())"
    }

    /// Writes the lease; false where that is not allowed or not possible.
    @discardableResult
    public func renew(in log: LogDirectory, on files: some LogFileSystem = PosixFileSystem()) -> Bool {
        do throws(SystemError) {
            try files.makeDirectory(log.readersPath)
            try files.replace(log.readersPath + "/" + name, with: Array("\(nextSeq) \(timestamp)\n".utf8))
            return true
        } catch {
            return false
        }
    }

    /// All leases of a log, by name; one that cannot be read is of a reader that has read nothing, and was seen at `now`.
    static func all(of log: LogDirectory, now: Timestamp, on files: any LogFileSystem) -> [ReaderLease] {
        ((try? files.list(log.readersPath)) ?? []).compactMap { name in
            if name.hasSuffix(".tmp") { return nil }
            let bytes = (try? files.contents(of: log.readersPath + "/" + name)) ?? []
            let parts = String(decoding: bytes, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\n" })
            guard parts.count == 2, let seq = UInt64(parts[0]), let time = Timestamp(text: parts[1]) else {
                return ReaderLease(name: name, nextSeq: 0, at: now)
            }
            return ReaderLease(name: name, nextSeq: seq, at: time)
        }
    }
}
