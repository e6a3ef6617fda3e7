import AuditLog
import Events
import Foundation
import Warehouse

/// A home with logs and a warehouse that goes away with the test.
final class TemporaryHome {
    let home: LogHome

    init() throws {
        home = LogHome(path: NSTemporaryDirectory() + "tollgate-ingest-" + UUID().uuidString)
        try FileManager.default.createDirectory(atPath: home.path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: home.path)
    }

    var warehousePath: String { home.warehousePath }

    func store() throws -> WarehouseStore {
        try WarehouseStore(creating: home.warehousePath)
    }

    func writer(_ name: String, segmentBytes: Int = 64 << 20) throws -> LogWriter {
        var options = LogOptions()
        options.durability = .none
        options.writesOwnRecords = false
        options.segmentBytes = segmentBytes
        return try LogWriter.open(home.log(named: name), options: options)
    }
}

/// Calls with outcomes, some of them late, for a log that needs only to be plausible.
struct Traffic {
    static let start: Int64 = 1_795_000_000_000_000
    private var state: UInt64
    private var open: [UInt64] = []
    private var moment = Traffic.start

    init(seed: UInt64) {
        state = seed
    }

    private mutating func random(_ n: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) % n
    }

    /// Appends records and waits until the last is acknowledged.
    mutating func write(_ count: Int, to writer: LogWriter) {
        var ticket: LogTicket?
        for _ in 0..<count {
            moment += Int64(random(40_000_000))
            let body: Record.Body
            if open.count > 5 || (!open.isEmpty && random(2) == 0) {
                var outcome = Outcome(of: open.remove(at: Int(random(UInt64(open.count)))), ending: .ok)
                outcome.upstreamMicroseconds = Int(random(100_000))
                body = .outcome(outcome)
            } else {
                let isStopped = random(5) == 0
                var decision = Decision(
                    gateway: "gw", identity: .grant, server: "ecs", transport: .stdio, method: "tools/call",
                    verdict: isStopped ? .deny : .allow, mode: .enforce, reason: isStopped ? .denyIf : .allowed)
                decision.agent = "agent-\(random(4))"
                decision.tool = "tool-\(random(5))"
                decision.argumentDigest = Digest64(random(3))
                if !isStopped { open.append(writer.nextSeq) }
                body = .decision(decision)
            }
            ticket = writer.append(body, at: Timestamp(microseconds: moment)) ?? ticket
        }
        if let ticket { _ = writer.waitUntilDurable(ticket, milliseconds: 10_000) }
    }
}
