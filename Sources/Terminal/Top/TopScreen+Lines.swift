import Events

// The screen as lines that fit the terminal.
extension TopScreen {
    private static let keys =
        "↑↓ choose  Enter look into  Esc back  <> sort  / filter  p pause  s silence  ? help  q quit"
    /// Lines below which the alerts are told in one.
    private static let roomy = 12

    /// The lines of the screen, at most so many and so wide, from its first one on.
    ///
    /// - Parameters:
    ///   - columns: cells in a line.
    ///   - rows: lines of the terminal.
    ///   - palette: paints them.
    public mutating func lines(columns: Int, rows height: Int, _ palette: Palette) -> [String] {
        guard columns > 0, height > 0 else { return [] }
        var lines = [title().render(width: columns, palette)]
        if height >= 6 { lines += alertLines(height).map { $0.render(width: columns, palette) } }
        if height >= 4 { lines.append(placeLine().render(width: columns, palette)) }
        let room = height - lines.count - 1
        lines += (helpLines(room) ?? body(columns, room, palette)).map { line in
            line.line.render(width: columns, palette, selected: line.isSelected)
        }
        lines += Array(repeating: "", count: max(height - lines.count - 1, 0))
        if height > 1 { lines.append(lastLine(columns).render(width: columns, palette)) }
        return Array(lines.prefix(height))
    }

    typealias BodyLine = (line: StyledLine, isSelected: Bool)

    // MARK: - The head

    private func title() -> StyledLine {
        var line = StyledLine("tollgate top", .bold)
        line.add(after: "  ", Words.time(now) + " UTC", .dim)
        if isPaused { line.add(after: "  ", "PAUSED, \(Words.count(recordsSincePause, "record")) since", .yellow) }
        line.add(after: "  ", Words.count(logs.count, "log"), .dim)
        if let total {
            line.add(after: "  ", "\(Words.count(total.lastMinute)) calls/min")
            if let usual = total.usual { line.add(" usual \(TopColumn.rate(usual))", .dim) }
            line.add(after: "  ", "in \(minutes) min: \(Words.count(total.counts.calls)) calls")
            for (count, name, ink) in [
                (total.counts.denied, "denied", Ink.red), (total.counts.throttled, "throttled", .yellow),
                (total.counts.errors, "errors", .red),
            ] {
                line.add(", \(Words.count(count)) \(name)", count > 0 ? ink : .dim)
            }
        } else {
            line.add(after: "  ", "no calls yet", .dim)
        }
        if lost > 0 { line.add(after: "  ", "\(Words.count(lost, "record")) lost", .alarm) }
        if forgotten > 0 { line.add(after: "  ", "\(Words.count(forgotten)) silent pairs left out", .dim) }
        return line
    }

    private func alertLines(_ height: Int) -> [StyledLine] {
        let firing = alerts.firing
        var lines: [StyledLine] = []
        let most = height < TopScreen.roomy ? 1 : min(5, height / 5)
        // One more than fit is as good as a line that says so.
        let shown = firing.count <= most ? firing.count : max(most - 1, 0)
        for alert in firing.prefix(shown) {
            var line = StyledLine(alert.severity.uppercased(), alert.severity == "page" ? .alarm : .yellow)
            line.add(" \(alert.rule) ", .bold)
            let tool = [alert.server, alert.tool].compactMap(\.self).joined(separator: "·")
            line.add([alert.agent ?? "", tool].filter { !$0.isEmpty }.joined(separator: " → "))
            line.add(after: "  ", "since \(Words.time(Timestamp(microseconds: alert.start)))", .dim)
            line.add(after: "  ", alert.summary, alert.severity == "page" ? .alarm : .yellow)
            lines.append(line)
        }
        var rest = StyledLine()
        if shown < firing.count {
            rest.add("\(Words.count(firing.count - shown)) \(shown > 0 ? "more fire" : "alerts fire")", .alarm)
        } else if firing.isEmpty, alerts.trouble == nil {
            rest.add("no alert fires", .dim)
        }
        rest.add(after: ", ", alerts.others, .dim)
        rest.add(after: "  ", alerts.trouble ?? "", .yellow)
        if rest.width > 0 { lines.append(rest) }
        return lines
    }

    private func placeLine() -> StyledLine {
        var line = StyledLine()
        for level in levels.dropLast() { line.add("\(level.place.text) › ", .dim) }
        line.add(level.place.text, .cyan)
        line.add(" (\(Words.count(count)))", .dim)
        if calls.isEmpty { line.add(after: "  ", "by \(sort.column.title) \(sort.arrow)", .dim) }
        if !level.filter.isEmpty { line.add(after: "  ", "filter: \(level.filter)", .yellow) }
        return line
    }

    // MARK: - The rows

    private mutating func body(_ columns: Int, _ room: Int, _ palette: Palette) -> [BodyLine] {
        guard room > 0 else { return [] }
        page = max(room - 1, 1)
        level.offset = max(0, min(level.offset, count - page))
        if level.index < level.offset { level.offset = level.index }
        if level.index >= level.offset + page { level.offset = level.index - page + 1 }
        guard count > 0 else {
            let what = level.filter.isEmpty ? "nobody has called within the last hour" : "nothing matches the filter"
            return [(StyledLine("  " + what, .dim), false)]
        }
        return calls.isEmpty ? rowLines(columns, palette) : callLines(columns, palette)
    }

    private var visible: Range<Int> { level.offset..<min(level.offset + page, count) }

    private mutating func rowLines(_ width: Int, _ palette: Palette) -> [BodyLine] {
        let kinds = kinds
        for row in rows[visible] {
            nameWidths.agent = max(nameWidths.agent, DisplayWidth.of(VisibleText.of(kindText(.agent, row))))
            nameWidths.tool = max(nameWidths.tool, DisplayWidth.of(VisibleText.of(kindText(.tool, row))))
        }
        let table = ScreenTable(kinds.map { column($0) }, width: width - 3)
        var header = StyledLine("   ")
        header.append(table.header { kinds[$0] == sort.column ? .bold : .dim })
        var lines: [BodyLine] = [(header, false)]
        for index in visible {
            let row = rows[index]
            let alert = alerts.firing.first { $0.concerns(row.subject) }
            var line = StyledLine(index == level.index ? "▸" : " ")
            line.add(alert == nil ? "  " : "! ", .alarm)
            line.append(
                table.line { place in
                    let (text, ink) = kinds[place].cell(row, at: now)
                    return (text, alert?.severity == "page" && place == 0 ? .alarm : ink)
                })
            lines.append((line, index == level.index && palette.usesColour))
        }
        return lines
    }

    private func kindText(_ kind: TopColumn, _ row: TopRow) -> String { kind.cell(row, at: now).text }

    private var kinds: [TopColumn] {
        switch level.place {
        case .toolsOf: TopColumn.allCases.filter { $0 != .agent }
        case .agentsOf: TopColumn.allCases.filter { $0 != .tool }
        case .tools: [.tool, .agent] + TopColumn.allCases.filter { $0 != .agent && $0 != .tool }
        default: TopColumn.allCases
        }
    }

    private func column(_ kind: TopColumn) -> ScreenTable.Column {
        let title = kind.title + (kind == sort.column ? sort.arrow : "")
        func number(_ least: Int, _ drop: Int) -> ScreenTable.Column {
            // With room for the arrow, so that nothing moves when it comes.
            let width = max(least, DisplayWidth.of(kind.title) + 1)
            return .init(title: title, width: width...width, isRight: true, dropOrder: drop)
        }
        func name(_ natural: Int, _ least: Int) -> ScreenTable.Column {
            .init(title: title, width: min(natural, least)...max(natural, 6))
        }
        return switch kind {
        case .agent: name(nameWidths.agent, 14)
        case .tool: name(nameWidths.tool, 22)
        case .rate: number(6, 0)
        case .times: number(6, 1)
        case .denied: number(6, 2)
        case .errors: number(6, 3)
        case .p95: number(8, 4)
        case .throttled: number(6, 5)
        case .usual: number(7, 6)
        case .calls: number(6, 7)
        case .newest: number(9, 8)
        case .why: .init(title: title, width: 16...60, dropOrder: 9)
        }
    }

    private func callLines(_ width: Int, _ palette: Palette) -> [BodyLine] {
        let titles = ["time", "decision", "ended", "arguments", "why", "record"]
        let widths = [8...8, 8...8, 14...24, 9...9, 8...70, 16...40]
        let drops = [0, 0, 0, 2, 0, 1]
        let columns = titles.indices.map {
            ScreenTable.Column(title: titles[$0], width: widths[$0], dropOrder: drops[$0])
        }
        let table = ScreenTable(columns, width: width - 2)
        var header = StyledLine("  ")
        header.append(table.header { _ in .dim })
        var lines: [BodyLine] = [(header, false)]
        for index in visible {
            let call = calls[index]
            let name = logs.indices.contains(call.id.log) ? logs[call.id.log] : "LOG"
            let cells: [(String, Ink)] = [
                (Words.time(call.moment), .dim), (call.verdict, call.ink), (call.ended, call.endedInk),
                (call.arguments.map { String($0.description.prefix(8)) } ?? "", .dim), (call.why, call.ink),
                (TailReference.text(name, call.id.seq), .dim),
            ]
            var line = StyledLine(index == level.index ? "▸ " : "  ")
            line.append(table.line { (cells[$0].0, cells[$0].1) })
            lines.append((line, index == level.index && palette.usesColour))
        }
        return lines
    }

    // MARK: - The end

    private func lastLine(_ columns: Int) -> StyledLine {
        guard let prompt else { return message.width > 0 ? message : StyledLine(TopScreen.keys, .dim) }
        var line = message
        line.add(after: "  ", prompt.question, .bold)
        guard !prompt.isYesOrNo else { return line }
        // What is typed is seen at its end, however long it is.
        let room = max(columns - line.width - 1, 8)
        var shown = VisibleText.of(typed)
        while DisplayWidth.of(shown) > room { shown.removeFirst() }
        line.add(shown + "▏")
        return line
    }
}
