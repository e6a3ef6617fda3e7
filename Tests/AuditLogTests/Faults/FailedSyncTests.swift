import Events
import Foundation
import Testing

@testable import AuditLog

/// A sync fails, and its process dies before it can do anything about it: the kernel takes the pages for clean, so the next
/// process reads the bytes and syncs them in vain, and a power loss takes them.
@Suite("Failed syncs of dead processes") struct FailedSyncTests {
    private let turns = TurnScheduler(seed: 1)
    private let disk = SimulatedDisk()
    private let log = LogDirectory(path: "/log")

    /// The disk as another process sees it.
    private func process() -> SimulatedFileSystem { SimulatedFileSystem(disk, turns) }

    /// Leaves bytes in a file whose sync has failed.
    private func leave(_ bytes: [UInt8], in path: String) throws {
        let files = process()
        try files.makeDirectory(path.parentDirectory)
        let file = try files.open(path, .create)
        try bytes.withUnsafeBytes { try file.writeAll($0) }
        try files.syncDirectory(path.parentDirectory)
        disk.failSync(try #require(disk.node(at: path)), evicts: false)
        try file.sync()
    }

    private func losePower() {
        var random = SeededRandom(seed: 1)
        disk.losePower(&random, forced: .kept)
    }

    @Test func bytesOfAFailedSyncAreGoneAfterAPowerLossUnlessTheyAreWrittenAgain() throws {
        try turns.run {
            try leave(Array("lost".utf8), in: "/log/a")
            try leave(Array("kept".utf8), in: "/log/b")
            let file = try process().open("/log/b", .append)
            try file.rewrite(from: 0)
            try file.sync()
            losePower()
            #expect(try process().contents(of: "/log/a") == [0, 0, 0, 0])
            #expect(try process().contents(of: "/log/b") == Array("kept".utf8))
        }
    }

    @Test func theLastHeadIsWrittenAgainBeforeTheNextOne() throws {
        let signer = try #require(NoteSigner(newKeyNamed: "vm/log/1"))
        let lines = try [1, 2].map { size -> [UInt8] in
            let head = TreeHead(
                origin: "vm/log/1", size: UInt64(size), root: [UInt8(size)].withUnsafeBytes { .leaf($0) })
            return Array(KeptHead.line(try head.note(signedBy: signer), at: Timestamp(microseconds: 1)).utf8)
        }
        try turns.run {
            try leave(lines[0], in: log.headsPath)
            let heads = try Notary.openHeads(log, process())
            try lines[1].withUnsafeBytes { try heads.writeAll($0) }
            try heads.sync()
            losePower()
            #expect(try KeptHead.recent(of: log, on: process()).map(\.head.size) == [1, 2])
        }
    }

    @Test func whatRecoveryFindsOfASegmentIsWrittenAgain() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: .plain)
        let ticket = try #require(writer.append(number: 1))
        #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable)
        let member = place.bytes(try #require(place.segmentFiles.first))
        try writer.close()
        try turns.run {
            try leave(member, in: log.segmentPath(0))
            let found = try LogRecovery(log, files: process()).repair()
            losePower()
            #expect(found.nextSeq > 0 && found.quarantinedBytes == 0)
            #expect(try process().contents(of: log.segmentPath(0)) == member)
        }
    }

    @Test func aRealFileIsWrittenAgainInItsPlaceAndStillAppendedTo() throws {
        let place = try TemporaryLog()
        let path = place.log.path + "-file"
        let files = PosixFileSystem()
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try place.write(bytes, to: path)
        defer { try? files.remove(path) }
        let file = try files.open(path, .append)
        try file.rewrite(from: 0)
        try file.rewrite(from: 1_048_577)
        try file.rewrite(from: bytes.count)
        let more: [UInt8] = [1, 2, 3]
        try more.withUnsafeBytes { try file.writeAll($0) }
        try file.sync()
        #expect(try files.contents(of: path) == bytes + more)
    }
}
