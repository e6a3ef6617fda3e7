import Detection
import Events

extension AlertBook {
    /// Learns of a step that an earlier run recorded after the moment at which this book was kept.
    ///
    /// The same records are read again, and the same steps come out of them: each that is here is told to nobody.
    mutating func expect(_ transition: AlertTransition) {
        ahead[transition.alert.id, default: []].append(transition)
    }

    /// Whether the log has a step already; takes it out, and those before it.
    mutating func takeAhead(_ transition: AlertTransition) -> Bool {
        guard let list = ahead[transition.alert.id], let last = list.last else { return false }
        let mark = Self.mark(transition)
        if let index = list.firstIndex(where: { Self.mark($0) == mark }) {
            ahead[transition.alert.id] = index + 1 < list.count ? Array(list[(index + 1)...]) : nil
            return true
        }
        // Several logs were read in another order then: what was told last decides.
        return Self.says(last, transition)
    }

    /// Ends what the log left firing and these records did not show: once all that was there has been read.
    mutating func settleAhead(_ now: Timestamp) -> [AlertTransition] {
        var over: [AlertTransition] = []
        for (id, list) in ahead {
            guard let last = list.last else { continue }
            let fingerprint = Fingerprint(last.alert.finding)
            recalled[fingerprint, default: []].removeAll { $0.transition.alert.id == id }
            recalled[fingerprint, default: []].append(Recalled(transition: last, until: now))
            let known = entries[fingerprint]
            if last.to == .firing, known?.alert.id != id || known?.alert.state != .firing {
                over.append(Self.ending(last, now))
            }
        }
        ahead = [:]
        return over
    }

    /// What makes two steps of one alert the same, as far as a record keeps it.
    private static func mark(_ transition: AlertTransition) -> [String] {
        let control = transition.control
        let numbers = [control.number(.n), control.number(.attempts)].map { $0.map { "\($0)" } ?? "" }
        return [.state, .reason, .severity, .from, .to].map { control.text($0) ?? "" } + numbers
    }

    // MARK: - Memory

    /// Writes or reads everything but the parameters.
    mutating func code(_ coder: inout SnapshotCoder) {
        var list = entries.sorted { $0.value.alert.id < $1.value.alert.id }.map(\.value)
        coder.list(&list, empty: Entry.empty) { $0.code(&$1) }
        var known = recalled.values.flatMap(\.self)
        coder.list(&known, empty: Recalled.empty) { $0.code(&$1) }
        guard coder.isReading, coder.isSound else { return }
        entries = Dictionary(list.map { (Fingerprint($0.alert.finding), $0) }) { $1 }
        recalled = Dictionary(grouping: known) { Fingerprint($0.transition.alert.finding) }
    }
}

extension AlertBook.Entry {
    fileprivate static var empty: Self {
        Self(alert: .empty, toldAttempts: 0, toldAt: Timestamp(microseconds: 0), toldSeverity: .info)
    }

    fileprivate mutating func code(_ coder: inout SnapshotCoder) {
        alert.code(&coder)
        coder.value(&toldAttempts)
        coder.value(&toldAt.microseconds)
        coder.word(&toldSeverity)
        coder.value(&isQuiet)
    }
}

extension AlertBook.Recalled {
    fileprivate static var empty: Self {
        Self(
            transition: AlertTransition(
                alert: .empty, from: nil, cause: .raised, at: Timestamp(microseconds: 0), audience: .nobody))
    }

    fileprivate mutating func code(_ coder: inout SnapshotCoder) {
        transition.alert.code(&coder)
        coder.word(&transition.cause)
        coder.value(&transition.at.microseconds)
        coder.moment(&until)
    }
}

extension Alert {
    fileprivate static var empty: Alert {
        Alert(
            Finding(
                rule: .loop, severity: .info, agent: "", server: "", tool: "", start: Timestamp(microseconds: 0),
                firstRecord: RecordReference(log: "", seq: 0)))
    }

    fileprivate mutating func code(_ coder: inout SnapshotCoder) {
        coder.string(&id)
        coder.value(&start.microseconds)
        coder.code(&finding)
        coder.word(&state)
        coder.moment(&firedAt)
        coder.moment(&resolvedAt)
    }
}

extension SnapshotCoder {
    /// A list, with its length.
    fileprivate mutating func list<Element>(
        _ elements: inout [Element], empty: Element, _ code: (inout Element, inout SnapshotCoder) -> Void
    ) {
        var count = elements.count
        value(&count)
        if isReading { elements = [] }
        for index in 0..<max(0, count) where isSound {
            var element = isReading ? empty : elements[index]
            code(&element, &self)
            if isReading { elements.append(element) }
        }
    }

    /// A moment or none.
    fileprivate mutating func moment(_ moment: inout Timestamp?) {
        var microseconds = moment?.microseconds
        value(&microseconds)
        moment = microseconds.map { Timestamp(microseconds: $0) }
    }

    /// One of an enumeration's names.
    fileprivate mutating func word<Word: RawRepresentable<String>>(_ word: inout Word) {
        var text = word.rawValue
        string(&text)
        guard isReading, isSound else { return }
        guard let found = Word(rawValue: text) else { return refuse() }
        word = found
    }
}
