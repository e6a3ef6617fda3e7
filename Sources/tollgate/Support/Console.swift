import AuditLog
import Events
import Foundation
import Terminal

/// The process's own streams and clock.
enum Console {
    private static let clock = SystemLogClock()

    /// The present moment.
    static var now: Timestamp { clock.now() }

    /// What stands at the end of standard output.
    static var display: Display { Display(descriptor: 1, environment: ProcessInfo.processInfo.environment) }

    /// Writes to standard output.
    ///
    /// A reader that has left (`| head`) is no error of ours.
    static func output(_ text: String) {
        let output = Output.standardOutput()
        output.write(text)
        output.flush()
    }

    /// Writes to standard error.
    static func error(_ text: String) {
        let output = Output.standardError()
        output.write(text)
        output.flush()
    }

    /// A line that says how far long work has come.
    static func progress(_ label: String, unit: String, total: Int? = nil) -> ProgressLine {
        let output = Output.standardError()
        return ProgressLine(
            output: output, display: output.display(environment: ProcessInfo.processInfo.environment), label: label,
            unit: unit, total: total, now: now)
    }
}
