package import Events

/// The control records that stand in the tail, in words.
package enum ControlLine {
    /// Whether it is shown whatever the filter: what follows a hole must not look complete.
    static func isUnconditional(_ control: Control) -> Bool {
        control.event == .gap || control.event == .logRecovered
    }

    /// What it says and in which ink; nil where it is not of note.
    package static func of(_ control: Control) -> (text: String, ink: Ink)? {
        switch control.event {
        case .alert: alert(control)
        case .gap:
            ("GAP: \(number(control, .n)) records lost\(range(control))\(because(control))", .alarm)
        case .logRecovered:
            ("log recovered\(control.number(.removed).map { ", \($0) bytes of a torn tail removed" } ?? "")", .yellow)
        case .clockStep:
            ("clock stepped by \(Words.duration(microseconds: control.number(.stepMicroseconds) ?? 0))", .yellow)
        case .policyLoaded: ("policy \(name(control, .policy)) loaded\(digest(control))\(by(control))", .cyan)
        case .policyRejected: ("policy \(name(control, .policy)) rejected\(because(control))", .red)
        case .grantCreated: ("grant \(name(control, .grant, .id)) created\(for: control)", .cyan)
        case .grantRevoked: ("grant \(name(control, .grant, .id)) revoked\(for: control)\(by(control))", .yellow)
        case .toolChanged: ("tool changed: \(target(control))", .yellow)
        case .refused:
            (
                "\(number(control, .n)) requests refused\(because(control))\(control.text(.peer).map { " from \($0)" } ?? "")",
                .red
            )
        case .approvalDecided: ("approval \(name(control, .state)): \(subject(control))\(by(control))", .cyan)
        case .brake: ("BRAKE on \(subject(control))\(until(control))\(by(control))\(why(control))", .alarm)
        case .brakeLifted: ("brake lifted from \(subject(control))\(by(control))\(because(control))", .green)
        case .keyRotated: ("log key rotated", .cyan)
        case .logOpen, .toolsFiltered, .seal, .retention, .import, .reader, .heartbeat: nil
        }
    }

    private static func alert(_ control: Control) -> (text: String, ink: Ink) {
        let state = name(control, .state)
        let head = "ALERT \(state) · \(name(control, .severity)) · \(name(control, .rule)) · \(subject(control))"
        let tail = control.text(.summary).map { ": \($0)" } ?? ""
        switch state {
        case "firing": return (head + tail, control.text(.severity) == "page" ? .alarm : .yellow)
        case "resolved": return (head + tail, .green)
        default: return (head + tail + by(control), .dim)
        }
    }

    private static func name(_ control: Control, _ keys: Control.Key...) -> String {
        keys.lazy.compactMap { control.text($0) }.first ?? "?"
    }

    private static func number(_ control: Control, _ key: Control.Key) -> String {
        control.number(key).map { Words.count($0) } ?? "?"
    }

    private static func target(_ control: Control) -> String {
        [control.text(.server), control.text(.tool)].compactMap { $0 }.joined(separator: "·")
    }

    private static func subject(_ control: Control) -> String {
        let parts = [control.text(.agent) ?? "", target(control)].filter { !$0.isEmpty }
        return parts.isEmpty ? "the fleet" : parts.joined(separator: " ")
    }

    private static func because(_ control: Control) -> String {
        control.text(.reason).map { ": \($0)" } ?? ""
    }

    private static func by(_ control: Control) -> String {
        control.text(.by).map { " by \($0)" } ?? ""
    }

    private static func until(_ control: Control) -> String {
        control.text(.to).map { " until \($0.prefix(19))Z" } ?? ""
    }

    /// What the alert found, or why a person did it.
    private static func why(_ control: Control) -> String {
        let words = [control.text(.rule), control.text(.summary) ?? control.text(.reason)].compactMap { $0 }
        return words.isEmpty ? "" : ": " + words.joined(separator: ", ")
    }

    private static func digest(_ control: Control) -> String {
        control.text(.policyDigest).map { " (\($0.prefix(8)))" } ?? ""
    }

    private static func range(_ control: Control) -> String {
        func end(_ key: Control.Key) -> String? { control.text(key) ?? control.number(key).map { String($0) } }
        guard let from = end(.from), let to = end(.to) else { return "" }
        return " (\(from) – \(to))"
    }
}

extension DefaultStringInterpolation {
    /// ` for AGENT` where a control names one.
    fileprivate mutating func appendInterpolation(for control: Control) {
        if let agent = control.text(.agent) { appendLiteral(" for \(agent)") }
    }
}
