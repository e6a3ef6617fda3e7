public import Detection
public import Events
import Foundation
import GRDB

/// What the outbox knows of an earlier watch.
public enum KeptMemory: Sendable {
    /// No watch has kept a memory here.
    case none
    /// There is one, and it cannot be gone on from: why, in half a sentence.
    case unusable(String)
    /// There is one.
    case usable(WatchMemory)
}

extension Outbox {
    /// Bytes in a piece: small enough that a few busy agents leave most pieces as they are.
    static let pieceBytes = 16 << 10
    /// Bytes of pieces in one transaction: an alert's message waits for no more than this.
    private static let batchBytes = 2 << 20

    /// The memory that an earlier watch left.
    ///
    /// - Parameter settings: the rules' parameters of now; what was learned under others is not gone on from.
    public func memory(settings: DetectionSettings) throws(OutboxError) -> KeptMemory {
        try read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM watch_memory") else { return .none }
            guard row["format"] as Int == WatchMemory.format else {
                return .unusable("another version of tollgate wrote it")
            }
            guard row["settings"] as String == settings.digest else {
                return .unusable("the rules or their parameters have changed")
            }
            let pieces = PieceList(row["pieces"])
            guard let bytes = try Self.join(pieces, count: row["bytes"], db) else {
                return .unusable("it is damaged")
            }
            guard let state = WatchMemory.read(bytes, settings: settings) else {
                return .unusable("another build of tollgate wrote it")
            }
            let ownSeq: Int64 = row["own_seq"]
            let newest: Int64? = row["newest_us"]
            return .usable(
                WatchMemory(
                    settings: row["settings"], detectors: state.detectors, book: state.book,
                    ownSeq: UInt64(bitPattern: ownSeq),
                    newestRecord: newest.map { Timestamp(microseconds: $0) }, isOfThePast: row["is_past"],
                    places: try Self.places(db)))
        }
    }

    /// Keeps a memory in place of the last one: what it consists of first, then, in one transaction, that this holds now, and
    /// up to which seq of each log.
    ///
    /// Pieces that are as they were are not written. Whatever is killed when, the one before or this one is there, whole.
    ///
    /// - Returns: bytes written.
    @discardableResult
    public func keep(_ memory: WatchMemory, now: Timestamp) throws(OutboxError) -> Int {
        let bytes = memory.bytes()
        let before = try read { db in
            PieceList(try Data.fetchOne(db, sql: "SELECT pieces FROM watch_memory") ?? Data())
        }
        var (list, changed) = (PieceList(Data()), [Int]())
        bytes.withUnsafeBytes { raw in
            for (index, start) in stride(from: 0, to: raw.count, by: Self.pieceBytes).enumerated() {
                let end = min(start + Self.pieceBytes, raw.count)
                let sum = SnapshotCoder.checksum(UnsafeRawBufferPointer(rebasing: raw[start..<end]))
                let last = index < before.count ? before[index] : nil
                let isSame = last?.checksum == sum
                list.append(side: isSame ? last?.side ?? 0 : 1 - (last?.side ?? 1), checksum: sum)
                if !isSame { changed.append(index) }
            }
        }
        let batch = Self.batchBytes / Self.pieceBytes
        for first in stride(from: 0, to: changed.count, by: batch) {
            let indices = changed[first..<min(first + batch, changed.count)]
            try write { try Self.write(indices, of: bytes, list, $0) }
        }
        try write { try Self.commit(memory, list, count: bytes.count, now, $0) }
        return changed.count * Self.pieceBytes
    }

    private static func write(
        _ indices: ArraySlice<Int>, of bytes: [UInt8], _ list: PieceList, _ db: Database
    ) throws {
        let statement = try db.cachedStatement(sql: "INSERT OR REPLACE INTO watch_piece (n, bytes) VALUES (?, ?)")
        for index in indices {
            let start = index * pieceBytes
            let piece = Data(bytes[start..<min(start + pieceBytes, bytes.count)])
            try statement.execute(arguments: [2 * index + list[index].side, piece])
        }
    }

    private static func commit(
        _ memory: WatchMemory, _ list: PieceList, count: Int, _ now: Timestamp, _ db: Database
    ) throws {
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO watch_memory
                    (id, format, settings, own_seq, newest_us, is_past, bytes, pieces, taken_us)
                VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                WatchMemory.format, memory.settings, Int64(bitPattern: memory.ownSeq),
                memory.newestRecord?.microseconds, memory.isOfThePast, count, list.bytes, now.microseconds,
            ])
        try db.execute(sql: "DELETE FROM watch_piece WHERE n >= ?", arguments: [2 * list.count])
        try db.execute(sql: "DELETE FROM watch_place")
        for place in memory.places {
            try db.execute(
                sql:
                    "INSERT OR REPLACE INTO watch_place (origin, epoch, name, next_seq, last_line) VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    place.origin, place.epoch, place.name, Int64(bitPattern: place.nextSeq), place.lastLine,
                ])
        }
    }

    /// The pieces' bytes; nil where one is missing, or is another than was written.
    private static func join(_ list: PieceList, count: Int, _ db: Database) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(max(0, min(count, list.count * pieceBytes)))
        let statement = try db.cachedStatement(sql: "SELECT bytes FROM watch_piece WHERE n = ?")
        for index in 0..<list.count {
            let item = list[index]
            guard let piece = try Data.fetchOne(statement, arguments: [2 * index + item.side]),
                piece.withUnsafeBytes({ SnapshotCoder.checksum($0) }) == item.checksum
            else { return nil }
            bytes += piece
        }
        return bytes.count == count ? bytes : nil
    }

    private static func places(_ db: Database) throws -> [WatchedPlace] {
        try Row.fetchAll(db, sql: "SELECT * FROM watch_place ORDER BY name, origin, epoch").map { row in
            let seq: Int64 = row["next_seq"]
            return WatchedPlace(
                origin: row["origin"], epoch: row["epoch"], name: row["name"], nextSeq: UInt64(bitPattern: seq),
                lastLine: row["last_line"])
        }
    }
}
