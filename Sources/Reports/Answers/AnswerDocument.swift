import Terminal

/// The frame of a report that answers one question: the time, one sentence, what it rests on, tables.
enum AnswerDocument {
    static func make(
        _ title: String, period: PeriodFigures, coverage: CoverageFigures, summary: Prose, blocks: [Block]
    ) -> Document {
        let zone = period.zone
        return Document(
            title: title,
            subtitle:
                "\(zone.date(period.from)) \(zone.minute(period.from)) – \(zone.date(period.to)) \(zone.minute(period.to)), \(zone.name)",
            verdict: summary, tone: .plain,
            blocks: [.paragraph(CoverageBlocks.sentence(coverage), CoverageBlocks.tone(coverage))] + blocks, footer: [])
    }
}
