public import Events

/// The tail as a person or a program reads it: filters, formats, folds repeats, says what it skipped.
///
/// A pure machine: entries and times go in, text for the output comes out of `take()`. On a terminal the last line is
/// rewritten in place while a streak of identical calls goes on; elsewhere the streak's first line stands and one line
/// sums up the rest when it ends, every 1,000 calls, and after a second of waiting.
public struct TailView {
    /// What to show and how.
    public struct Options: Sendable {
        /// Which records.
        public var filter = TailFilter()
        /// The lines' own bytes instead of words; nothing is folded or skipped, and added only the reference.
        public var json = false
        /// Whether each line says which record it is, `LOG/SEQ`.
        public var references = false
        /// Lines of one batch that a terminal shows at most while following; the older ones are skipped, and it says so.
        public var maximumBatch: Int? = 2_000

        /// The defaults.
        public init() {}
    }

    private static let summaryEvery = 1_000
    private static let summaryAfter: Int64 = 1_000_000
    /// Forwarded calls whose outcome may still be remarked upon.
    private static let maximumOpen = 8_192

    let options: Options
    private var formatter = TailFormatter()
    private var layout: TailLayout
    /// The logs' names, by `TailEntry.log`.
    var names: [String] = []
    var due: [UInt8] = []
    /// What a program that reads JSON has to be told beside it.
    private var complaints: [String] = []
    private var streak: TailStreak?
    private var streaks = 0
    /// The last line on the terminal no longer says what the streak does.
    private var isStale = false
    private var day: Int64?
    private var open: [TailRecordID: (streak: Int, row: TailRow)] = [:]
    private var openOrder: [TailRecordID] = []

    /// Makes a view for a display.
    public init(display: Display, options: Options = Options()) {
        self.options = options
        layout = TailLayout(display: display)
    }

    /// What it is made for.
    public var display: Display { layout.display }

    /// The terminal may have another size by now.
    ///
    /// Where it has, the last line is not rewritten any more: it may take two lines now, or half of one.
    public mutating func resize(_ display: Display) {
        guard display != layout.display else { return }
        endStreak()
        layout = TailLayout(display: display)
    }

    /// Learns "usual" from lines before those to be shown.
    public mutating func learn(_ entry: TailEntry) {
        if let record = entry.record { formatter.learn(record) }
    }

    /// Shows a batch.
    ///
    /// While following on a terminal, more than `maximumBatch` lines at once are cut to the newest.
    public mutating func show(_ batch: [TailEntry], following: Bool = false) {
        var skip = 0
        if following, layout.display.isTerminal, !options.json, let most = options.maximumBatch, batch.count > most {
            skip = batch.count - most
        }
        var skipped = 0
        for (index, entry) in batch.enumerated() {
            if index < skip, !isNotable(entry) {
                if options.filter.passes(entry), case .decision? = entry.record?.body { skipped += 1 }
                learn(entry)
            } else {
                if index >= skip { self.skipped(&skipped) }
                show(entry)
            }
        }
        self.skipped(&skipped)
    }

    /// Says that lines were left out.
    public mutating func skipped(_ count: inout Int) {
        guard count > 0 else { return }
        endStreak()
        put(layout.rule("… \(Words.count(count)) skipped"))
        count = 0
    }

    /// Shows one line.
    public mutating func show(_ entry: TailEntry) {
        guard !options.json else { return showJSON(entry) }
        guard let record = entry.record else {
            let bytes = Words.count(entry.bytes.count, "byte")
            if wouldShow(entry) { note(hole(entry) ?? "unreadable line (\(bytes))", .alarm, entry) }
            return
        }
        switch record.body {
        case .decision(let decision): show(decision, record, entry)
        case .outcome(let outcome): show(outcome, record, entry)
        case .control(let control):
            guard wouldShow(entry), let (words, ink) = ControlLine.of(control) else { return }
            note(words, ink, entry)
        }
    }

    private mutating func showJSON(_ entry: TailEntry) {
        if let hole = hole(entry) {
            if options.filter.inTime(entry) { complaints.append(hole) }
        } else if options.filter.passes(entry) {
            due += options.references ? TailReference.added(reference(entry), to: entry.bytes) : entry.bytes
            due.append(UInt8(ascii: "\n"))
        }
    }

    /// Lets time pass: sums up a streak that has waited for a second in a pipe.
    public mutating func tick(now: Timestamp) {
        guard !layout.display.isTerminal, var current = streak, current.calls > current.told else { return }
        if let since = current.toldAt {
            guard now.since(since) >= TailView.summaryAfter else { return }
            sumUp(&current)
            current.toldAt = now
        } else {
            current.toldAt = now
        }
        streak = current
    }

    /// Ends the view: whatever a streak still owes is said.
    public mutating func finish() {
        endStreak()
    }

    /// What a program that reads JSON has to be told beside it: holes in the log.
    public mutating func takeComplaints() -> [String] {
        defer { complaints = [] }
        return complaints
    }

    /// The bytes that are due, for the output.
    public mutating func take() -> [UInt8] {
        redraw()
        defer { due.removeAll(keepingCapacity: true) }
        return due
    }

    // MARK: - Decisions

    private mutating func show(_ decision: Decision, _ record: Record, _ entry: TailEntry) {
        guard var row = formatter.row(decision, at: record.timestamp), options.filter.passes(entry) else { return }
        row.reference = reference(entry)
        let key = TailStreak.Key(decision)
        let remark = entry.outcome.flatMap { formatter.remark($0) }
        if let outcome = entry.outcome {
            row.duration =
                remark?.text ?? TailFormatter.duration(outcome).map { Words.duration(microseconds: $0) } ?? ""
            row.durationInk = remark?.ink ?? .dim
        }
        if var current = streak, current.key == key {
            if layout.display.isTerminal || remark != nil { current.row = row }
            current.row.reference = row.reference
            current.row.rate = row.rate
            current.row.rateInk = row.rateInk
            current.last = record.timestamp
            current.calls += 1
            if remark != nil { current.wrong += 1 }
            isStale = layout.display.isTerminal
            if !isStale, current.calls - current.told >= TailView.summaryEvery { sumUp(&current) }
            streak = current
        } else {
            begin(row, key, wrong: remark == nil ? 0 : 1)
        }
        if entry.outcome == nil, decision.verdict == .allow || decision.mode == .shadow {
            remember(TailRecordID(log: entry.log, seq: record.seq), row)
        }
    }

    private mutating func begin(_ row: TailRow, _ key: TailStreak.Key, wrong: Int) {
        endStreak()
        streaks += 1
        mark(row.moment)
        put(layout.line(row))
        streak = TailStreak(key: key, number: streaks, row: row, first: row.moment, last: row.moment, wrong: wrong)
    }

    private mutating func remember(_ id: TailRecordID, _ row: TailRow) {
        open[id] = (streaks, row)
        openOrder.append(id)
        guard openOrder.count > TailView.maximumOpen else { return }
        for old in openOrder.prefix(TailView.maximumOpen / 4) { open[old] = nil }
        openOrder.removeFirst(TailView.maximumOpen / 4)
    }

    // MARK: - Outcomes

    /// On a terminal an outcome joins its call's line while that is the last one; else only a bad or slow one gets a line.
    private mutating func show(_ outcome: Outcome, _ record: Record, _ entry: TailEntry) {
        let remark = formatter.remark(outcome)
        guard let (number, row) = open.removeValue(forKey: TailRecordID(log: entry.log, seq: outcome.of)) else {
            return
        }
        if var current = streak, current.number == number {
            if remark != nil { current.wrong += 1 }
            if layout.display.isTerminal {
                let took = TailFormatter.duration(outcome).map { Words.duration(microseconds: $0) } ?? ""
                current.row.duration = remark?.text ?? took
                current.row.durationInk = remark?.ink ?? .dim
                isStale = true
                streak = current
                return
            }
            streak = current
            // In a pipe a streak's first fault gets its line, the others are counted where the streak is summed up.
            guard current.wrong == 1 else { return }
        } else if remark != nil {
            endStreak()
        }
        guard let remark else { return }
        mark(record.timestamp)
        put(
            layout.line(
                "  ↳ \(row.agent) \(row.target): \(remark.text)", ink: remark.ink, at: record.timestamp,
                reference(entry)))
    }

    // MARK: - Lines

    private mutating func put(_ line: String) {
        due += line.utf8
        due.append(UInt8(ascii: "\n"))
    }

    private mutating func note(_ words: String, _ ink: Ink, _ entry: TailEntry) {
        endStreak()
        let moment = entry.record?.timestamp ?? entry.order
        mark(moment)
        put(layout.line(VisibleText.of(words), ink: ink, at: moment, reference(entry)))
    }

    /// What is missing, in words; nil where nothing is.
    private func hole(_ entry: TailEntry) -> String? {
        guard let missing = entry.missing, let last = missing.last else { return nil }
        let range = missing.count == 1 ? "\(last)" : "\(missing.lowerBound) – \(last)"
        let name = names.indices.contains(entry.log) ? names[entry.log] : "the log"
        return "HOLE: \(Words.count(missing.count, "record")) of \(name) cannot be read any more (\(range))"
    }

    private func reference(_ entry: TailEntry) -> String {
        guard options.references, names.indices.contains(entry.log) else { return "" }
        return TailReference.text(names[entry.log], entry.seq)
    }

    /// Bytes that are due, a redrawing of the last line not counted.
    var dueBytes: Int { due.count }

    /// Whether the line would get a line of its own.
    func wouldShow(_ entry: TailEntry) -> Bool {
        guard !options.json else { return options.filter.passes(entry) }
        switch entry.record?.body {
        case nil: return options.filter.inTime(entry)
        case .outcome: return false
        case .decision(let decision):
            return (decision.tool != nil || decision.verdict != .allow) && options.filter.passes(entry)
        case .control(let control):
            guard ControlLine.of(control) != nil else { return false }
            return ControlLine.isUnconditional(control) ? options.filter.inTime(entry) : options.filter.passes(entry)
        }
    }

    private func isNotable(_ entry: TailEntry) -> Bool {
        switch entry.record?.body {
        case nil: true
        case .control(let control): ControlLine.of(control) != nil
        default: false
        }
    }

    private mutating func endStreak() {
        redraw()
        if var current = streak, !layout.display.isTerminal, current.calls > current.told { sumUp(&current) }
        streak = nil
    }

    private mutating func sumUp(_ current: inout TailStreak) {
        var row = current.row
        row.moment = current.last
        row.repeats = current.words
        row.why = ""
        put(layout.line(row))
        current.told = current.calls
        current.toldAt = nil
    }

    private mutating func redraw() {
        guard isStale, let current = streak else { return }
        isStale = false
        var row = current.row
        row.moment = current.last
        if current.calls > 1 { row.repeats = current.words }
        // Up one line, to its first cell, clear it: nothing else was written since.
        put("\u{1B}[1A\r\u{1B}[2K" + layout.line(row))
    }

    private mutating func mark(_ moment: Timestamp) {
        let today = moment.microseconds.quotientAndRemainderFloored(86_400_000_000).quotient
        defer { day = today }
        guard layout.display.isTerminal, day != today else { return }
        put(layout.rule("── \(Words.date(moment)) (UTC) ──"))
    }
}
