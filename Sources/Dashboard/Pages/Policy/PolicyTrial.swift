import AuditLog
import Events
import Foundation
import Policy
import Replay
import Synchronization

/// How a draft's backtest stands.
enum PolicyTrial: Sendable {
    /// Under way, so many records in.
    case running(days: Int, records: Int)
    /// What it found.
    case done(TrialResult)
    /// Why it found nothing.
    case failed(String)

    var isOver: Bool {
        if case .running = self { false } else { true }
    }
}

/// What the logs' calls would have become.
struct TrialResult: Sendable {
    var days: Int
    var calls = 0
    var unchanged = 0
    var newlyDenied = 0
    var newlyAllowed = 0
    var unknown = 0
    var rows: [BacktestReport.Row] = []
    var gaps: [BacktestReport.Gap] = []
    var first: Timestamp?
    var last: Timestamp?
    var at: Timestamp
}

/// Backtests that pages asked for: one at a time, on a thread of its own, since a month of a large log takes a while.
final class PolicyTrials: Sendable {
    /// The days that can be chosen.
    static let days = [1, 7, 28]
    private let turn = NSLock()

    /// Begins a backtest of a draft's document.
    func begin(
        _ document: PolicyDocument, of draft: PolicyDraft, _ card: PolicyCard, days: Int, in drafts: PolicyDrafts,
        now: @escaping @Sendable () -> Timestamp
    ) {
        drafts.set(.running(days: days, records: 0), of: draft.id)
        let thread = Thread {
            self.turn.lock()
            defer { self.turn.unlock() }
            guard drafts.set(.running(days: days, records: 0), of: draft.id) else { return }
            let trial: PolicyTrial
            do {
                trial = .done(try Self.run(document, draft.id, card, days, drafts, now))
            } catch {
                trial = .failed("\(error)")
            }
            drafts.set(trial, of: draft.id)
        }
        thread.name = "backtest"
        // A debug build's replay of deep documents needs more than a thread's usual half a megabyte.
        thread.stackSize = 4 << 20
        thread.start()
    }

    private static func run(
        _ document: PolicyDocument, _ draft: String, _ card: PolicyCard, _ days: Int, _ drafts: PolicyDrafts,
        _ now: () -> Timestamp
    ) throws -> TrialResult {
        let candidate = CompiledPolicy(document, name: card.policy, digest: KeptPolicies.digest(of: document))
        let end = now()
        var result = TrialResult(days: days, at: end)
        var gaps: [String: BacktestReport.Gap] = [:]
        var before = 0
        for log in card.logs {
            var records = 0
            let report = try Backtester(
                candidate, against: log, since: end.advanced(by: -Int64(days) * 86_400_000_000),
                where: { card.decides($0) }
            ).run { count in
                records = count
                drafts.set(.running(days: days, records: before + count), of: draft)
            }
            before += records
            result.calls += report.calls
            result.unchanged += report.unchanged
            result.newlyDenied += report.newlyDenied
            result.newlyAllowed += report.newlyAllowed
            result.unknown += report.unknown
            result.rows += report.rows
            for gap in report.gaps {
                var sum = gap
                sum.calls += gaps[gap.rule]?.calls ?? 0
                sum.of += gaps[gap.rule]?.of ?? 0
                gaps[gap.rule] = sum
            }
            result.first = [result.first, report.first].compactMap { $0 }.min()
            result.last = [result.last, report.last].compactMap { $0 }.max()
        }
        result.gaps = gaps.values.sorted { ($1.calls, $0.rule) < ($0.calls, $1.rule) }
        return result
    }
}
