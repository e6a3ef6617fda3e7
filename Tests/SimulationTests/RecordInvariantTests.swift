import Events
import Simulation
import Testing

/// What must hold in every log that a gateway could have written.
@Suite struct RecordInvariantTests {
    static let fleets: [[Record]] = ([11, 12] as [UInt64]).map { seed in
        var options = FleetOptions(seed: seed)
        options.calls = 6000
        options.scenario = .fleet
        return records(of: options)
    }

    @Test(arguments: fleets.indices) func timeNeverGoesBack(_ index: Int) {
        let records = Self.fleets[index]
        #expect(zip(records, records.dropFirst()).allSatisfy { $0.timestamp <= $1.timestamp })
    }

    @Test(arguments: fleets.indices) func everyAllowedRequestEndsOnceAndNoOther(_ index: Int) {
        var open: Set<UInt64> = []
        for record in Self.fleets[index] {
            switch record.body {
            case .decision(let decision): if decision.verdict == .allow { open.insert(record.seq) }
            case .outcome(let outcome): #expect(open.remove(outcome.of) != nil, "seq \(record.seq)")
            case .control: Issue.record("seq \(record.seq) is a control record")
            }
        }
        #expect(open.isEmpty)
    }

    @Test(arguments: fleets.indices) func noWindowHoldsMoreThanItsLimit(_ index: Int) {
        var admitted: [String: [Int64]] = [:]
        var throttled = 0
        for record in Self.fleets[index] {
            guard case .decision(let decision) = record.body, let limit = decision.limit else { continue }
            let now = record.timestamp.microseconds
            let key = "\(decision.grant ?? "") \(decision.tool ?? "")"
            var window = admitted[key, default: []]
            window.removeAll { $0 <= now - Int64(limit.windowSeconds) * 1_000_000 }
            if decision.verdict == .allow {
                window.append(now)
                #expect(window.count == limit.used && limit.used <= limit.maximum, "seq \(record.seq)")
            } else {
                throttled += 1
                #expect(decision.verdict == .throttle && decision.reason == .limit)
                #expect(window.count == limit.maximum && limit.used == limit.maximum, "seq \(record.seq)")
                let free = window[0] + Int64(limit.windowSeconds) * 1_000_000 - now
                #expect(decision.retryAfterMilliseconds.map(Int64.init) == (free + 999) / 1000)
            }
            admitted[key] = window
        }
        #expect(throttled > 0)
    }

    @Test func recordsHaveTheFieldsThatAGatewayWrites() {
        for record in Self.fleets[0] {
            switch record.body {
            case .decision(let decision) where decision.method == "tools/call":
                #expect(decision.agent != nil && decision.grant != nil && decision.client != nil)
                #expect(decision.tool != nil && decision.toolDigest != nil && decision.risk != nil)
                #expect(decision.argumentKeys == decision.argumentKeys?.sorted() && decision.argumentDigest != nil)
                #expect(decision.argumentBytes != nil && decision.decideMicroseconds != nil)
                #expect(decision.rpcID != nil && decision.protocolRevision != nil && decision.policyDigest != nil)
                #expect((decision.verdict == .allow) == (decision.reason == .allowed))
                #expect((decision.verdict == .allow) == (decision.rule == nil))
            case .decision(let decision) where decision.method == "-":
                #expect(decision.identity == .unresolved && decision.reason == .identityUnresolved)
            case .outcome(let outcome):
                #expect(outcome.upstreamMicroseconds != nil && outcome.gatewayMicroseconds != nil)
                #expect(outcome.method != nil && outcome.server != nil && outcome.agent != nil)
            default: break
            }
        }
    }

    @Test func denialsComeFromThePolicysRules() {
        var reasons: [Reason: Int] = [:]
        for record in Self.fleets.joined() {
            guard case .decision(let decision) = record.body, decision.verdict != .allow else { continue }
            reasons[decision.reason, default: 0] += 1
            switch decision.reason {
            case .denyIf:
                #expect(decision.rule == "/tools/create_refund/deny_if/args.amount-gt" && decision.facts == "1")
                #expect(FleetPolicy.json.contains(decision.message ?? "-"))
            case .hidden: #expect(decision.rule == "(hidden)")
            case .defaultDeny: #expect(!FleetPolicy.json.contains("\"\(decision.tool ?? "")\""))
            case .limit: #expect(FleetPolicy.json.contains("\"\(decision.limit?.counter ?? "-")\""))
            default: #expect(decision.reason == .identityUnresolved)
            }
        }
        let expected: Set<Reason> = [.limit, .defaultDeny, .hidden, .denyIf, .identityUnresolved]
        #expect(Set(reasons.keys) == expected)
    }
}
