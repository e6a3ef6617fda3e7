import Events
import Foundation
import Policy
import StrictJSON
import Testing

/// A document, read without errors.
func document(_ json: String, _ location: SourceLocation = #_sourceLocation) throws -> PolicyDocument {
    let reading = PolicyDocument.read(Array(json.utf8))
    return try #require(reading.document, "\(reading.errors.map(\.description))", sourceLocation: location)
}

/// A policy made of a document.
func policy(
    _ json: String, name: String = "p", _ location: SourceLocation = #_sourceLocation
) throws -> CompiledPolicy {
    CompiledPolicy(try document(json, location), name: name, digest: Digest64(0x0123_4567_89AB_CDEF))
}

/// The problems of a document that is refused.
func problems(_ json: String) -> [PolicyProblem] {
    PolicyDocument.read(Array(json.utf8)).errors
}

/// A document with these rules for the tool `t`.
func documentText(tool rules: String, default byDefault: String = "deny") -> String {
    #"{"version":"1","default":"\#(byDefault)","tools":{"t":\#(rules)}}"#
}

/// A call with arguments as JSON text, nil for none.
func call(
    _ tool: String, _ arguments: String? = nil, caller: Caller = .ci, brake: EngagedBrake? = nil
) throws -> Call {
    let tree = try JSONTree(parsing: Array((arguments ?? "null").utf8))
    return Call(tool: tool, arguments: arguments == nil ? nil : tree.root, in: tree, caller: caller, brake: brake)
}

extension Caller {
    /// A caller with a grant.
    static let ci = Caller(agent: "ci-builder", grant: "ci", session: nil, server: "ecs")
    /// A caller as `run` has it.
    static let local = Caller(agent: "ann@claude/1", grant: nil, session: nil, server: "ecs")
}

extension CompiledPolicy {
    /// Decides one call by itself.
    func decide(_ tool: String, _ arguments: String? = nil) throws -> PolicyVerdict {
        var counters = LimitCounters()
        return decide(try call(tool, arguments), counters: &counters, now: .start)
    }
}

extension Timestamp {
    /// A moment like those of real logs: 2026-11-22T17:36:00Z.
    static let start = Timestamp(microseconds: 1_795_368_960_000_000)

    /// So many seconds after the start.
    static func after(_ seconds: Double) -> Timestamp {
        start.advanced(by: Int64((seconds * 1_000_000).rounded()))
    }
}

/// SplitMix64: the same numbers for the same seed on any machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

/// Seeds of random tests: `SEED` from the environment alone, or some fixed ones.
func seeds(_ count: Int) -> [UInt64] {
    if let text = ProcessInfo.processInfo.environment["SEED"], let seed = UInt64(text) { return [seed] }
    return (1...UInt64(count)).map { $0 }
}

/// A file of the project, found from this file's place.
func projectFile(_ path: String) throws -> Data {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    return try Data(contentsOf: root.appendingPathComponent(path))
}
