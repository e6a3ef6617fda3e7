import Crypto

/// How far a watch has read a log: who the log is, wherever its folder lies, and the seq of the next record.
public struct WatchedPlace: Sendable, Equatable {
    /// The log's origin.
    public var origin: String
    /// Its life.
    public var epoch: Int
    /// Its folder's name, by which its records are cited.
    public var name: String
    /// The seq of the first record that the detectors have not seen.
    public var nextSeq: UInt64
    /// The digest of the line before it, which tells a log that was rolled back from one that has grown; nil where it is not known.
    public var lastLine: String?

    /// Names a place.
    public init(origin: String, epoch: Int, name: String, nextSeq: UInt64, lastLine: String? = nil) {
        self.origin = origin
        self.epoch = epoch
        self.name = name
        self.nextSeq = nextSeq
        self.lastLine = lastLine
    }

    /// Whether both are places in one log.
    public func isOfSameLog(_ other: WatchedPlace?) -> Bool {
        other.map { $0.origin == origin && $0.epoch == epoch } ?? false
    }

    /// 32 hexadecimal digits of SHA-256 over a line without its newline.
    public static func digest(ofLine line: some Collection<UInt8>) -> String {
        let digits = Array("0123456789abcdef")
        let sum = SHA256.hash(data: Array(line)).prefix(16)
        return String(sum.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
