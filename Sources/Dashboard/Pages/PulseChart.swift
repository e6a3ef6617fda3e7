import Reports
import Terminal

/// Calls per second of the last minute, stacked by what was decided; the script redraws the same bars.
enum PulseChart {
    private static let height = 96

    static func html(_ seconds: [LivePulse.Second]) -> HTML {
        let top = max(seconds.map(\.all).max() ?? 0, 1)
        let bars = seconds.enumerated().map { index, second -> HTML in
            var y = Double(height)
            let parts = [
                (second.allowed, "t-plain"), (second.throttled + second.held, "t-warn"), (second.denied, "t-bad"),
            ]
            return HTML.joined(
                parts.filter { $0.0 > 0 }.map { count, style in
                    let tall = Double(count) / Double(top) * Double(height)
                    y -= tall
                    return """
                        <rect class="\(style)" x="\(index * 10 + 1)" y="\(Words.decimal(y))" width="8" \
                        height="\(Words.decimal(tall))"/>
                        """
                })
        }
        let all = seconds.reduce(LivePulse.Second(), +)
        let quiet: HTML =
            all.all == 0
            ? "<text x=\"300\" y=\"52\" text-anchor=\"middle\" data-pulse=\"quiet\">no call yet</text>" : ""
        let words =
            "Calls per second in the last minute: \(Words.count(all.allowed)) allowed, "
            + "\(Words.count(all.throttled)) throttled, \(Words.count(all.held)) held, \(Words.count(all.denied)) denied; "
            + "at most \(Words.count(top)) in a second."
        return """
            <figure class="pulse"><svg class="ch" viewBox="0 0 640 120" role="img" aria-label="\(words)" data-live="bars">
            <text x="608" y="12" data-pulse="top">\(Words.count(top))/s</text><text x="608" y="98">0</text>
            <path class="gr" d="M0 1H600M0 \(height)H600"/><g>\(bars)</g>
            \(quiet)<text x="0" y="114">60 s ago</text><text x="600" y="114" text-anchor="end">now</text></svg>
            <figcaption class="alt"><span class="key"><i class="k-plain"></i>allowed</span>\
            <span class="key"><i class="k-warn"></i>throttled or held</span>\
            <span class="key"><i class="k-bad"></i>denied</span></figcaption></figure>
            """
    }
}
