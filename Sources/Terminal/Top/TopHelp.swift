// What the keys do, as the screen itself says it.
extension TopScreen {
    private static let help: [(keys: String, does: String)] = [
        ("↑ ↓  j k", "choose a row; PgUp PgDn Home End too. A chosen row is followed when rows change places"),
        ("Enter  →", "look into it: an agent's tools, a tool's agents, then their newest calls"),
        ("Esc  ←", "back; where there is a filter, first without it"),
        ("Tab", "agents × tools, agents, tools"),
        ("<  >", "sort by the column to the left or right; 1 to 9 by that column; r turns the order round"),
        ("/", "filter: words that names must contain, while you type; Enter keeps it, Esc drops it"),
        ("w", "how far back calls, denied, throttled and errors go: 5, 15 or 60 minutes"),
        ("p  Space", "stop the screen, and go on; records are read all the time"),
        ("s", "silence the row's alerts: for how long, why, sure?"),
        ("Ctrl-L", "draw all anew"),
        ("?  F1", "this page"),
        ("q  Ctrl-C", "quit"),
        ("", ""),
        ("calls/min", "in the last 60 s; usual is what is usual while it is at work, learned from the logs"),
        ("×usual", "how many times as often as usual"),
        ("p95", "of the newest 128 answers, as the caller saw them"),
        ("!", "an alert about it fires"),
    ]

    /// The page of keys, where it was asked for.
    func helpLines(_ room: Int) -> [BodyLine]? {
        guard isHelping else { return nil }
        return TopScreen.help.prefix(max(room, 0)).map { keys, does in
            var line = StyledLine("  " + DisplayWidth.pad(keys, to: 10), .bold)
            line.add("  " + does)
            return (line, false)
        }
    }
}
