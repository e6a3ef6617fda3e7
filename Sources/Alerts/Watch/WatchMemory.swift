import Detection
public import Events

/// Everything a watch needs to go on where it was: what the detectors have learned, how each alert stands, and how far each log
/// has been read.
///
/// Going on from it over the records behind its places gives, byte for byte, what a watch without a stop would have recorded.
public struct WatchMemory: Sendable {
    /// The digest of the rules' parameters under which it was learned.
    public let settings: String
    let detectors: DetectorSet
    let book: AlertBook
    /// The seq of the own log's first record whose step is not in it.
    public let ownSeq: UInt64
    /// The newest record's time; nil where none was read.
    public let newestRecord: Timestamp?
    /// Whether the logs are filled with calls of the past.
    let isOfThePast: Bool
    /// How far each log has been read, those that were not followed last included.
    public let places: [WatchedPlace]

    /// Raised whenever the meaning of `bytes` changes, but for the detectors' part, which has a version of its own.
    static let format = 1

    init(
        settings: String, detectors: DetectorSet, book: AlertBook, ownSeq: UInt64, newestRecord: Timestamp?,
        isOfThePast: Bool, places: [WatchedPlace]
    ) {
        self.settings = settings
        self.detectors = detectors
        self.book = book
        self.ownSeq = ownSeq
        self.newestRecord = newestRecord
        self.isOfThePast = isOfThePast
        self.places = places
    }

    /// The detectors' snapshot, the alerts, and the snapshot's length in bytes.
    ///
    /// The alerts come last: they change in length, and a piece of the file that has not moved need not be written again.
    func bytes() -> [UInt8] {
        var bytes = detectors.snapshot()
        let length = UInt64(bytes.count)
        var coder = SnapshotCoder()
        var copy = book
        copy.code(&coder)
        bytes += coder.bytes
        withUnsafeBytes(of: length) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Reads back what `bytes` wrote; nil where another build did, whose states lie otherwise in memory.
    static func read(_ bytes: [UInt8], settings: DetectionSettings) -> (detectors: DetectorSet, book: AlertBook)? {
        guard bytes.count > 8 else { return nil }
        let end = bytes.count - 8
        let length = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: end, as: UInt64.self) }
        guard length <= UInt64(end),
            let detectors = DetectorSet(settings: settings, snapshot: Array(bytes[..<Int(length)]))
        else { return nil }
        var coder = SnapshotCoder(reading: Array(bytes[Int(length)..<end]))
        var book = AlertBook()
        book.code(&coder)
        guard coder.isSound, coder.isAtEnd else { return nil }
        return (detectors, book)
    }
}
