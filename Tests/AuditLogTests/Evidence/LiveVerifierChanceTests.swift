import Events
import Foundation
import Testing

@testable import AuditLog

/// Bytes that change anywhere in what was added to a log: what is new is looked at as closely as the whole would be.
@Suite struct LiveVerifierChanceTests {
    @Test(arguments: 0..<24) func aFaultInWhatIsNewIsFoundAsTheWholeCheckFindsIt(_ seed: Int) throws {
        var chance = SeededRandom(seed: UInt64(seed))
        let log = try SealedLog()
        let place = log.place
        let first = 20 + chance.below(60)
        try log.write(first, segment: 10 + chance.below(40))
        let verifier = LiveVerifier(place.log)
        for _ in 0..<4 { #expect(try verifier.look(now: log.clock.now()) == nil, "seed \(seed)") }
        let before = Dictionary(uniqueKeysWithValues: place.segmentFiles.map { ($0, place.bytes($0).count) })
        try log.write(20 + chance.below(60), segment: 10 + chance.below(40), from: first)

        // Sealing may have replaced a file that was there; only what is behind its former end is new, or all of a new one.
        var places = place.segmentFiles.map { ($0, before[$0] ?? 0) }.filter { place.bytes($0.0).count > $0.1 }
        places.append((place.log.checkpointPath, 0))
        let (path, start) = chance.one(of: places)
        var bytes = place.bytes(path)
        let offset = start + chance.below(bytes.count - start)
        bytes[offset] ^= UInt8(1 << chance.below(8))
        try place.write(bytes, to: path)

        let truth = try LogVerifier(place.log).verify().fault
        var found: LogVerification.Fault?
        for _ in 0..<8 where found == nil { found = try verifier.look(now: log.clock.now()) }
        let what = "seed \(seed), \(path.split(separator: "/").last ?? ""), byte \(offset): \(truth?.what ?? "whole")"
        if let found { #expect(found.seq == truth?.seq && found.what == truth?.what, "\(what)") }
        // Bytes of a member's header that no line depends on are held against the index alone, by the whole check.
        let isElsewhere = truth?.what.hasPrefix("a member's bytes") ?? true
        #expect(found != nil || isElsewhere, "\(what)")
        if truth == nil { #expect(found == nil, "\(what)") }
    }
}
