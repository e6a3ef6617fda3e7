import AuditLog
import Events
import Foundation
import Terminal

/// Runs the screen of `top`: reads records and keys, draws, asks the watch.
struct TopLoop {
    private let places: LivePlaces
    private let interval: Int64
    private let palette = Palette(usesColour: Console.display.usesColour)

    /// How long it waits for a key before it reads records again, in milliseconds.
    private static let wait = 100
    /// How long an escape may stand alone before it is the key, in milliseconds.
    private static let escapeWait = 30

    static let noTerminal = Failure(
        "top needs a terminal for its screen and its keys, and this is none",
        hint: "`tollgate top --once`, `tollgate report rates` or `tollgate tail --json`")

    init(_ places: LivePlaces, interval: Int64) {
        self.places = places
        self.interval = interval
    }

    /// Runs until somebody quits.
    ///
    /// - Returns: the signal that ended it, if one did.
    /// - Throws: what reading the logs throws; the terminal is put back before.
    func run(_ logs: inout LiveLogs, _ model: inout TopModel, _ screen: inout TopScreen) throws -> Int32? {
        let terminal = try TopLoop.terminal()
        defer { terminal.leave() }
        var painter = ScreenPainter()
        var keys = TopKeyDecoder()
        var desk = TopDesk(watchLog: places.watchLog)
        var drawn: Timestamp?
        while true {
            if let signal = terminal.endingSignal { return signal }
            let now = Console.now
            for entry in try logs.merger.poll(now: now) { model.observe(entry) }
            try logs.look(now)
            var isDue = drawn.map { now.since($0) >= interval || now < $0 } ?? true
            if terminal.hasChanged() {
                painter.forget()
                isDue = true
            }
            if hear(&desk, &screen, now) { isDue = true }
            if isDue {
                drawn = now
                screen.logs = logs.merger.names
                screen.update(model, alerts: desk.alerts(at: now), now: now)
                let size = terminal.size
                let lines = screen.lines(columns: size.columns, rows: size.rows, palette)
                guard terminal.show(painter.paint(lines)) else { return nil }
            }
            guard let bytes = terminal.read(milliseconds: keys.isPending ? TopLoop.escapeWait : TopLoop.wait) else {
                return nil
            }
            for key in bytes.isEmpty ? keys.timeOut() : keys.feed(bytes) {
                drawn = nil
                switch screen.press(key, model, now: Console.now) {
                case .none: break
                case .quit: return nil
                case .redraw: painter.forget()
                case .silence(let silence): ask(&desk, silence, &screen)
                }
            }
        }
    }

    private static func terminal() throws -> RawTerminal {
        do {
            return try RawTerminal()
        } catch {
            throw noTerminal
        }
    }

    private func ask(_ desk: inout TopDesk, _ silence: TopSilence, _ screen: inout TopScreen) {
        do {
            try desk.ask(for: silence, Console.now)
            screen.say("asking the watch …")
        } catch {
            screen.say(TopLoop.words(error), .red)
        }
    }

    /// Tells what the watch has answered; false where it has not.
    private func hear(_ desk: inout TopDesk, _ screen: inout TopScreen, _ now: Timestamp) -> Bool {
        do {
            guard let answer = try desk.answer(at: now) else { return false }
            screen.say(answer.text, answer.isDone ? .green : .yellow)
        } catch {
            screen.say(TopLoop.words(error), .red)
        }
        return true
    }

    private static func words(_ error: any Error) -> String {
        let failure = (error as? Failure) ?? Failure(error) ?? Failure("\(error)")
        return "not silenced: " + failure.message + (failure.hint.map { " (\($0))" } ?? "")
    }
}
