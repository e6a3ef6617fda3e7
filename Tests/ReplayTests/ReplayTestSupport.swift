import AuditLog
import Events
import Foundation
import Policy
import Replay
import Simulation
import StrictJSON
import Testing

/// A log in a folder of its own that goes away with this value.
final class TemporaryLog {
    let log: LogDirectory
    private let folder = NSTemporaryDirectory() + "tollgate-replay-" + UUID().uuidString

    init() throws {
        log = LogDirectory(path: folder + "/log")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Writes records as they are, in their order.
    func write(_ records: [(Timestamp, Record.Body)], segmentBytes: Int? = nil) throws {
        var options = LogOptions()
        options.writesOwnRecords = false
        options.durability = .none
        options.purpose = .imported
        options.sealsByItself = false
        if let segmentBytes { options.segmentBytes = segmentBytes }
        let writer = try LogWriter.open(log, options: options)
        for (index, (time, body)) in records.enumerated() {
            let ticket = try #require(writer.append(body, at: time))
            // A member each hundred records, so that there is something to cut.
            if index % 100 == 99 { _ = writer.waitUntilDurable(ticket, milliseconds: 60_000) }
        }
        try writer.close()
    }

    func keep(_ policy: CompiledPolicy) throws {
        try FileManager.default.createDirectory(atPath: log.policiesPath, withIntermediateDirectories: true)
        try Data(policy.document.normalForm).write(
            to: URL(fileURLWithPath: "\(log.policiesPath)/\(policy.digest).json"))
    }
}

func policy(_ json: String, name: String = "p") throws -> CompiledPolicy {
    let reading = PolicyDocument.read(Array(json.utf8))
    let document = try #require(reading.document, "\(reading.errors.map(\.description))")
    return CompiledPolicy(document, name: name, digest: KeptPolicies.digest(of: document))
}

extension Timestamp {
    static let start = Timestamp(microseconds: 1_795_368_960_000_000)

    static func after(_ seconds: Double) -> Timestamp { start.advanced(by: Int64((seconds * 1_000_000).rounded())) }
}

/// SplitMix64: the same numbers for the same seed on any machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

/// A gateway without transports: decides as one does, and keeps the records that it would have written.
struct PaperGateway {
    private(set) var records: [(Timestamp, Record.Body)] = []
    private var counters = LimitCounters()
    private var open: [UInt64: (Reservation, CompiledPolicy)] = [:]

    /// The next record's seq.
    var seq: UInt64 { UInt64(records.count) }

    mutating func write(_ body: Record.Body, at time: Timestamp) { records.append((time, body)) }

    /// A process's start: the counters are rebuilt by `restoring`, the policies told.
    mutating func start(_ policies: [CompiledPolicy], at time: Timestamp) {
        let longest = policies.map(\.longestWindow).max() ?? 0
        var taken: [UInt64: (Reservation, CompiledPolicy)] = [:]
        for (seq, (at, body)) in records.enumerated() {
            switch body {
            case .decision(let decision):
                guard at > time.advanced(by: -longest), let reservation = Reservation(decision, at: at),
                    let policy = policies.first(where: { $0.name == decision.policy })
                else { continue }
                taken[UInt64(seq)] = (reservation, policy)
            case .outcome(let outcome): if outcome.reservation == .rolledBack { taken[outcome.of] = nil }
            case .control: continue
            }
        }
        counters = LimitCounters()
        open = [:]
        for (_, (reservation, policy)) in taken.sorted(by: { $0.key < $1.key }) {
            counters.restore(reservation, under: policy)
        }
        write(.control(Control(.logOpen)), at: time)
        for policy in policies { load(policy, at: time) }
    }

    /// A reload.
    mutating func load(_ policy: CompiledPolicy, at time: Timestamp) {
        let control = Control(.policyLoaded).with(.policy, policy.name)
            .with(.policyDigest, policy.digest.description)
        write(.control(control), at: time)
    }

    @discardableResult
    mutating func call(
        _ tool: String, _ arguments: String? = nil, by agent: String = "a", grant: String? = "g",
        under policy: CompiledPolicy?, approving hold: UInt64? = nil, at time: Timestamp
    ) throws -> PolicyVerdict {
        let tree = try JSONTree(parsing: Array((arguments ?? "null").utf8))
        let caller = Caller(agent: agent, grant: grant, session: nil, server: "s")
        let call = Call(
            tool: tool, arguments: arguments == nil ? nil : tree.root, in: tree, caller: caller,
            approval: hold == nil ? .unasked : .approved(by: "ann"))
        let verdict = policy?.decide(call, counters: &counters, now: time) ?? .withoutPolicy(observing: true)
        var decision = Decision(
            gateway: "gw", identity: .grant, server: "s", transport: .http, method: "tools/call", verdict: .deny,
            mode: .enforce, reason: .internal)
        (decision.agent, decision.grant, decision.tool, decision.of) = (agent, grant, tool, hold)
        if arguments != nil {
            decision.argumentKeys = tree.members(tree.root).compactMap { tree.string($0.0) }.sorted()
            decision.argumentBytes = tree.bytes.count
        }
        verdict.write(to: &decision)
        if let policy, verdict.verdict == .allow, verdict.limit != nil, let taken = Reservation(decision, at: time) {
            open[seq] = (taken, policy)
        }
        write(.decision(decision), at: time)
        return verdict
    }

    /// The last call's end; what it took is given back where it was never sent.
    mutating func end(_ of: UInt64, sent: Bool, at time: Timestamp) {
        var outcome = Outcome(of: of, ending: sent ? .ok : .notForwarded)
        if let (reservation, policy) = open.removeValue(forKey: of) {
            outcome.reservation = sent ? .committed : .rolledBack
            if !sent { counters.giveBack(reservation, under: policy, now: time) }
        }
        write(.outcome(outcome), at: time)
    }
}

/// A simulated month, its policy and its incidents.
struct Month {
    var records: [(Timestamp, Record.Body)] = []
    let incidents: [Incident]
    let policy: CompiledPolicy

    init(seed: UInt64, calls: Int, _ scenario: Scenario) throws {
        policy = try ReplayTests.policy(FleetPolicy.json, name: FleetPolicy.name)
        var options = FleetOptions(seed: seed)
        options.calls = calls
        options.scenario = scenario
        options.policyDigest = policy.digest
        var fleet = SimulatedFleet(options)
        incidents = fleet.incidents
        while let next = fleet.next() { records.append((next.timestamp, next.body)) }
    }

    /// Whether a decision is a call of an incident, or made beside one by the same agent with the same tool.
    func isIncident(_ decision: Decision, at time: Timestamp) -> Bool {
        incidents.contains {
            $0.agent == decision.agent && $0.tool == decision.tool && $0.start <= time && time <= $0.end
        }
    }
}
