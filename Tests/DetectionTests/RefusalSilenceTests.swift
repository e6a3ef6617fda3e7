import Events
import Testing

@testable import Detection

/// A policy's rule that used to refuse calls of a tool and has stopped since the tool changed.
@Suite struct RefusalSilenceTests {
    /// A gateway's records: four calls an hour of one tool, of which the last is refused or not.
    private struct Story {
        var records: [Record] = []
        private var clock: Int64 = 1_793_610_000_000_000

        mutating func hours(_ count: Int, refused: Bool) {
            for call in 0..<4 * count {
                let isRefused = refused && call % 4 == 3
                var decision = Decision(
                    gateway: "gw", identity: .grant, server: "ecs", transport: .http, method: "tools/call",
                    verdict: isRefused ? .deny : .allow, mode: .enforce, reason: isRefused ? .defaultDeny : .allowed)
                decision.agent = "builder"
                decision.tool = "delete_service"
                decision.argumentDigest = Digest64(UInt64(records.count) &* 0x9E37_79B9_7F4A_7C15)
                add(.decision(decision), after: 900)
            }
        }

        mutating func change() {
            add(.control(Control(.toolChanged).with(.server, "ecs").with(.tool, "delete_service")), after: 1)
        }

        private mutating func add(_ body: Record.Body, after seconds: Int64) {
            records.append(Record(seq: UInt64(records.count), timestamp: Timestamp(microseconds: clock), body: body))
            clock += seconds * 1_000_000
        }
    }

    /// The changes of `silence`; at each cut the detectors are made anew from their snapshot.
    private func changes(_ story: Story, cuts: Set<Int> = []) throws -> [FindingChange] {
        var detectors = DetectorSet()
        var found: [FindingChange] = []
        for (index, record) in story.records.enumerated() {
            if cuts.contains(index) {
                detectors = try #require(DetectorSet(settings: DetectionSettings(), snapshot: detectors.snapshot()))
            }
            found += detectors.observe(record, log: "gw").filter { $0.finding.rule == .silence }
        }
        return found
    }

    @Test func itIsToldOnceNamesTheChangeAndIsOverWithTheNextRefusal() throws {
        var story = Story()
        story.hours(30, refused: true)
        let change = UInt64(story.records.count)
        story.change()
        story.hours(20, refused: false)
        story.hours(1, refused: true)
        let found = try changes(story)
        #expect(found.map(\.kind) == [.raised, .cleared])
        let finding = try #require(found.first?.finding)
        #expect(finding.agent == "*" && finding.server == "ecs" && finding.tool == "delete_service")
        #expect(finding.severity == .warn && finding.firstRecord == RecordReference(log: "gw", seq: change))
        #expect(finding.attempts > 16 && finding.attempts <= 28)
        #expect(finding.summary.hasPrefix("none of \(finding.attempts) calls was refused since the tool changed at "))
        #expect(try changes(story, cuts: [40, Int(change) + 1, Int(change) + 13, story.records.count - 1]) == found)
    }

    @Test func nineteenHoursWithARefusalAreTooFew() throws {
        for (hours, told) in [(19, 0), (22, 1)] {
            var story = Story()
            story.hours(hours, refused: true)
            story.change()
            story.hours(30, refused: false)
            #expect(try changes(story).count == told, "\(hours) hours")
        }
    }

    @Test func aSecondChangeBeginsAnew() throws {
        var story = Story()
        story.hours(30, refused: true)
        for _ in 0..<6 {
            story.change()
            story.hours(4, refused: false)
        }
        #expect(try changes(story).isEmpty)
    }
}
