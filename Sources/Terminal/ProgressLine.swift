public import Events

/// One line on standard error that says how far long work has come; never in a pipe, never within the first second.
public struct ProgressLine {
    private static let quiet: Int64 = 1_000_000
    private static let between: Int64 = 100_000

    private let output: Output
    private let display: Display
    private let label: String
    private let unit: String
    private let total: Int?
    private let start: Timestamp
    private var last: Timestamp?

    /// Begins.
    ///
    /// - Parameters:
    ///   - output: where the line goes; standard error.
    ///   - display: what stands at its end; nothing is written unless it is a terminal.
    ///   - label: what is being done, `loading`.
    ///   - unit: what is counted, `records`.
    ///   - total: how many there will be, nil where nobody knows.
    ///   - now: the time at which the work began.
    public init(output: Output, display: Display, label: String, unit: String, total: Int?, now: Timestamp) {
        self.output = output
        self.display = display
        self.label = label
        self.unit = unit
        self.total = total
        start = now
    }

    /// Says how many are done; cheap enough to call for every block.
    public mutating func update(_ done: Int, now: Timestamp) {
        guard display.isTerminal, now.since(start) >= ProgressLine.quiet,
            last.map({ now.since($0) >= ProgressLine.between }) ?? true
        else { return }
        last = now
        output.write("\r\u{1B}[2K" + DisplayWidth.truncate(text(done, now: now), to: (display.columns ?? 80) - 1))
        output.flush()
    }

    /// Clears the line, if it ever showed.
    public mutating func finish() {
        guard last != nil else { return }
        last = nil
        output.write("\r\u{1B}[2K")
        output.flush()
    }

    /// The line's text: label, bar, share, count, speed and the time that remains.
    func text(_ done: Int, now: Timestamp) -> String {
        let seconds = Double(max(now.since(start), 1)) / 1e6
        let speed = Double(done) / seconds
        let rate = "\(Words.count(Int(speed))) \(unit)/s"
        guard let total, total > 0 else { return "\(label)  \(Words.count(done)) \(unit)  \(rate)" }
        let share = min(Double(done) / Double(total), 1)
        let cells = 20
        let full = Int(share * Double(cells))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: cells - full)
        let rest = speed > 0 ? Double(max(total - done, 0)) / speed : 0
        let left = Words.duration(microseconds: Int64(rest * 1e6))
        return
            "\(label)  \(bar) \(Int(share * 100)) %  \(Words.count(done)) of \(Words.count(total)) \(unit)  \(rate)  \(left) left"
    }
}
