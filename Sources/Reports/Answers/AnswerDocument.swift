import Events
import Terminal

/// The frame of a report that answers one question: the time, one sentence, what it rests on, tables.
enum AnswerDocument {
    static func make(
        _ title: String, period: PeriodFigures, coverage: CoverageFigures, summary: Prose, blocks: [Block]
    ) -> Document {
        let from = period.from.timestamp
        let to = period.to.timestamp
        return Document(
            title: title,
            subtitle: "\(Words.date(from)) \(Words.minute(from)) – \(Words.date(to)) \(Words.minute(to)), UTC",
            verdict: summary, tone: .plain,
            blocks: [.paragraph(CoverageBlocks.sentence(coverage), CoverageBlocks.tone(coverage))] + blocks, footer: [])
    }
}
