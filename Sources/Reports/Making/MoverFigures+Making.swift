import Events
import Warehouse

extension MoversFigures {
    /// What changed; nil where the log does not reach back a week.
    init?(_ history: WeekHistory) {
        guard let last = history.earlier.first else { return nil }
        var movers: [MoverFigures] = []
        var appeared: [MoverFigures] = []
        var vanished: [MoverFigures] = []
        for key in Set(history.now.pairs.keys).union(last.pairs.keys) {
            let weeks = history.earlier.map { $0.pairs[key] ?? 0 }
            let calls = history.now.pairs[key] ?? 0
            let previous = weeks.first ?? 0
            let mover = MoverFigures(
                agent: key.agent, server: key.tool.server, tool: key.tool.tool, calls: calls, previousCalls: previous,
                medianCalls: weeks.count >= 2 ? ReportNumber.median(weeks) : nil,
                signedLogLikelihood: LogLikelihood.signed(now: calls, before: previous))
            if calls > 0, weeks.allSatisfy({ $0 == 0 }) {
                appeared.append(mover)
            } else if calls == 0 {
                vanished.append(mover)
            } else if mover.signedLogLikelihood.magnitude >= LogLikelihood.least {
                movers.append(mover)
            }
        }
        let sorted = movers.sorted(by: MoversFigures.comesFirst)
        rose = sorted.filter { $0.signedLogLikelihood > 0 }
        fell = sorted.filter { $0.signedLogLikelihood < 0 }
        self.appeared = appeared.sorted(by: MoversFigures.comesFirst)
        self.vanished = vanished.sorted(by: MoversFigures.comesFirst)
    }

    /// The surest first, equals by name.
    private static func comesFirst(_ a: MoverFigures, _ b: MoverFigures) -> Bool {
        (b.signedLogLikelihood.magnitude, a.agent ?? "", a.server, a.tool)
            < (a.signedLogLikelihood.magnitude, b.agent ?? "", b.server, b.tool)
    }
}
