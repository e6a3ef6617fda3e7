import Events
import Foundation
import Testing

@testable import AuditLog

@Suite("Index") struct IndexTests {
    private func entries(_ log: SealedLog, segment: UInt64 = 0) throws -> [IndexEntry] {
        let size = log.place.bytes(log.place.log.segmentPath(segment)).count
        let index = SegmentIndex(log.place.log, segment: segment, bytes: size, PosixFileSystem())
        let found = try #require(index).entries()
        #expect(!found.isDamaged)
        return found.entries
    }

    /// What the members themselves say.
    private func members(_ log: SealedLog, segment: UInt64 = 0) throws -> [IndexEntry] {
        let file = try PosixFileSystem().open(log.place.log.segmentPath(segment), .read)
        let cursor = try SegmentCursor(file)
        let size = try file.size()
        var found: [IndexEntry] = []
        while case .block(let offset, let bytes, let plaintext) = try cursor.next(limit: size) {
            let entry = try cursor.withMember(at: offset, size: bytes) { member in
                plaintext.withUnsafeBytes {
                    IndexEntry(member: member, at: offset, lines: $0, latest: found.last?.lastTimestamp)
                }
            }
            found.append(try #require(entry ?? nil))
        }
        return found
    }

    @Test func anIndexTellsOfEachMember() throws {
        let log = try SealedLog()
        try log.write(500, segment: 200)
        for segment in try log.place.log.segments(on: PosixFileSystem()) {
            let members = try members(log, segment: segment)
            #expect(try entries(log, segment: segment) == members)
        }
    }

    @Test func itGoesOnThroughRestartsAndKills() throws {
        let log = try SealedLog()
        for life in 0..<6 { try log.write(40, segment: 10_000, from: life * 40) }
        #expect(try entries(log) == members(log))
        // A kill loses what was not written yet, and a power cut may leave anything.
        let path = log.place.log.indexPath(0)
        let whole = log.place.bytes(path)
        for cut in [0, 10, 63, 64, 100, 64 + 56 * 7, whole.count - 1] {
            try log.place.write(Array(whole.prefix(cut)), to: path)
            try log.write(1, segment: 10_000, from: 1000)
            #expect(try entries(log) == members(log), "cut to \(cut)")
        }
        for start in stride(from: 64, to: whole.count, by: 56 * 5 + 3) {
            var bytes = log.place.bytes(path)
            for index in start..<min(start + 100, bytes.count) { bytes[index] = 0 }
            try log.place.write(bytes, to: path)
            try log.write(1, segment: 10_000, from: 1000)
            #expect(try log.verify().fault == nil)
        }
    }

    @Test func everyFlippedBitOfASegmentIsFoundAndLocated() throws {
        let log = try SealedLog()
        try log.write(12, segment: 10_000)
        try log.write(12, segment: 12, from: 12)
        try log.write(5, segment: 10_000, from: 24)
        let segments = try log.place.log.segments(on: PosixFileSystem())
        #expect(segments.count == 2)
        var (flipped, found) = (0, 0)
        for segment in segments {
            let path = log.place.log.segmentPath(segment)
            let whole = log.place.bytes(path)
            let members = try members(log, segment: segment)
            for bit in 0..<whole.count * 8 {
                var bytes = whole
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                try log.place.write(bytes, to: path)
                flipped += 1
                let verified = try log.verify()
                guard let fault = verified.fault else {
                    Issue.record("bit \(bit) of segment \(segment) went unseen")
                    continue
                }
                let own = members.last { $0.offset <= bit / 8 }
                // The empty member at a sealed segment's end belongs to no record.
                let isEnd = own.map { $0.end <= bit / 8 } ?? true
                if fault.segment == LogDirectory.segmentName(segment),
                    isEnd || (fault.offset == own?.offset && fault.seq == own?.firstSeq)
                {
                    found += 1
                } else {
                    Issue.record("bit \(bit) of segment \(segment): \(fault)")
                }
            }
            try log.place.write(whole, to: path)
        }
        print("flipped \(flipped) bits of sealed and active segments: found and located \(found) of \(flipped)")
        #expect(found == flipped)
    }

    @Test func everyCutOfASegmentIsFound() throws {
        let log = try SealedLog()
        try log.write(12, segment: 12)
        try log.write(8, segment: 10_000, from: 12)
        var (cuts, found) = (0, 0)
        for segment in try log.place.log.segments(on: PosixFileSystem()) {
            let path = log.place.log.segmentPath(segment)
            let whole = log.place.bytes(path)
            for size in 0..<whole.count {
                try log.place.write(Array(whole.prefix(size)), to: path)
                cuts += 1
                let fault = try log.verify().fault
                if fault?.segment == LogDirectory.segmentName(segment) { found += 1 }
                if fault == nil { Issue.record("cut to \(size) went unseen") }
            }
            try log.place.write(whole, to: path)
        }
        print("cut at \(cuts) bytes: found and located \(found) of \(cuts)")
        #expect(found == cuts)
    }

    @Test func aForeignOrGarbageIndexHarmsNobody() throws {
        let log = try SealedLog()
        try log.write(300, segment: 100)
        let lines = try log.place.lines()
        let other = try SealedLog()
        try other.write(300, segment: 130)
        let garbage = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 167) }
        for segment in try log.place.log.segments(on: PosixFileSystem()) {
            let path = log.place.log.indexPath(segment)
            let own = log.place.bytes(path)
            var shifted = own
            shifted.replaceSubrange(64..<64, with: own[64..<120])
            for bytes in [[], garbage, other.place.bytes(other.place.log.indexPath(0)), shifted] {
                try log.place.write(bytes, to: path)
                #expect(try log.verify().fault == nil)
                for seq in stride(from: UInt64(0), to: UInt64(lines.count), by: 17) {
                    #expect(try log.place.lines(from: seq).first?.seq == seq)
                }
            }
            try log.place.write(own, to: path)
        }
        let report = try LogReindexer(log.place.log, LogIdentity.read(log.place.log)).run()
        #expect(report.hasTiles && report.damaged.isEmpty)
        for segment in try log.place.log.segments(on: PosixFileSystem()) {
            #expect(try entries(log, segment: segment) == members(log, segment: segment))
        }
    }

    @Test func reindexingMakesTheSameTiles() throws {
        let log = try SealedLog()
        try log.write(1200, segment: 500)
        let tiles = TreeTiles(log: log.place.log, files: PosixFileSystem())
        let before = tiles.hashes(level: 1, number: 0)
        #expect(before.count == 3)
        try FileManager.default.removeItem(atPath: log.place.log.tilesPath)
        #expect(tiles.hashes(level: 1, number: 0).isEmpty)
        _ = try LogReindexer(log.place.log, LogIdentity.read(log.place.log)).run()
        #expect(tiles.hashes(level: 1, number: 0) == before)
    }

    @Test func aStartReadsWhatCameAfterTheLastHeadOnly() throws {
        let log = try SealedLog()
        try log.write(3000, segment: 100_000)
        let files = CountingFileSystem()
        let writer = try LogWriter.open(log.place.log, options: log.options, clock: log.clock, files: files)
        let read = files.bytesRead(log.place.log.segmentPath(0))
        try writer.close()
        let size = log.place.bytes(log.place.log.segmentPath(0)).count
        #expect(size > 50_000)
        #expect(read < size / 4, "\(read) of \(size) bytes were read")
    }
}

/// The machine's file system, counting what is read of each file.
private final class CountingFileSystem: LogFileSystem {
    private let real = PosixFileSystem()
    private let counts = Monitor<[String: Int]>([:])

    func bytesRead(_ path: String) -> Int { counts.withLock { $0[path] ?? 0 } }

    func makeDirectory(_ path: String) throws(SystemError) { try real.makeDirectory(path) }
    func list(_ path: String) throws(SystemError) -> [String] { try real.list(path) }
    func remove(_ path: String) throws(SystemError) { try real.remove(path) }
    func rename(_ path: String, to target: String) throws(SystemError) { try real.rename(path, to: target) }
    func syncDirectory(_ path: String) throws(SystemError) { try real.syncDirectory(path) }
    func space(at path: String) throws(SystemError) -> (free: Int, total: Int) { try real.space(at: path) }

    func open(_ path: String, _ access: FileAccess) throws(SystemError) -> any LogFile {
        let counts = counts
        return CountingFile(try real.open(path, access)) { count in counts.withLock { $0[path, default: 0] += count } }
    }
}

private final class CountingFile: LogFile {
    private let real: any LogFile
    private let count: @Sendable (Int) -> Void

    init(_ real: any LogFile, _ count: @escaping @Sendable (Int) -> Void) {
        self.real = real
        self.count = count
    }

    func size() throws(SystemError) -> Int { try real.size() }
    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int { try real.write(bytes) }
    func truncate(to size: Int) throws(SystemError) { try real.truncate(to: size) }
    func rewrite(from offset: Int) throws(SystemError) { try real.rewrite(from: offset) }
    func sync() throws(SystemError) { try real.sync() }
    func close() { real.close() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        let bytes = try real.read(into: buffer, at: offset)
        count(bytes)
        return bytes
    }
}
