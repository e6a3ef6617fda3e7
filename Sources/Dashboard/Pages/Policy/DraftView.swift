import Events
import Policy
import Replay
import Reports
import StrictJSON
import Terminal

/// A draft as people look at it before they save it: its errors, its difference, what it would have done.
struct DraftView: Sendable {
    let card: PolicyCard
    let draft: PolicyDraft
    /// The file as it is now.
    let file: PolicyBytes
    let reading: PolicyReading
    /// What the file says now; nil where that has errors.
    let old: PolicyDocument?
    let csrf: HTML

    private var path: String { "/policy/\(PageAddress.segment(card.id))" }
    private var here: String { "\(path)/drafts/\(draft.id)" }
    private var isStale: Bool { file.digest != draft.base }
    private var isSame: Bool { file.bytes == draft.bytes }

    func page() -> HTML {
        """
        \(stale)
        <section><h2>1. Check</h2>\(check)</section>
        <section><h2>2. Difference</h2>\(difference)</section>
        <section id="backtest"><h2>3. Backtest</h2>\(backtest)</section>
        <section><h2>4. Save</h2>\(save)</section>
        <p class="bar"><a href="\(path)?draft=\(draft.id)">Go on tool by tool</a> \
        <a href="\(path)/text?draft=\(draft.id)">Go on as text</a> <a href="\(path)">Begin again from the file</a></p>
        """
    }

    private var stale: HTML {
        guard isStale else { return "" }
        return """
            <div class="notice bad" role="alert"><p>The file has changed since this draft was begun: it is not saved over that. \
            Below is the difference to the file as it is now.</p>
            <form method="post" action="\(here)/rebase" class="bar">\(csrf)<button>I have looked: this difference is what I \
            mean</button></form></div>
            """
    }

    // MARK: Check

    private var check: HTML {
        if reading.document == nil {
            return """
                <p class="notice bad" role="alert">\(Words.count(reading.errors.count, "error")): it cannot be saved.</p>\
                \(PolicyProblems.table(reading.errors))
                """
        }
        let warnings: HTML =
            reading.warnings.isEmpty
            ? ""
            : """
            <p class="warn">\(Words.count(reading.warnings.count, "warning")): allowed, but perhaps not what is meant.</p>\
            \(PolicyProblems.table(reading.warnings))
            """
        return "<p class=\"notice good\" role=\"status\">Check passed: no errors.</p>\(warnings)"
    }

    // MARK: Difference

    private var difference: HTML {
        let text = LineDiff(
            String(decoding: file.bytes, as: UTF8.self), String(decoding: draft.bytes, as: UTF8.self))
        guard let old, let new = reading.document else { return text.html }
        let changes = PolicyChanges.between(old, new).map { line -> HTML in "<li>\(VisibleText.of(line))</li>" }
        let words: HTML =
            changes.isEmpty
            ? "<p class=\"quiet\">It means the same as what the file says now.</p>"
            : "<ul class=\"changes\">\(changes)</ul>"
        return "\(words)\(text.html)"
    }

    // MARK: Backtest

    private var backtest: HTML {
        guard reading.document != nil else { return "<p class=\"quiet\">Once the check has passed.</p>" }
        guard !card.logs.isEmpty else {
            return "<p class=\"quiet\">There is no log yet whose calls it could be tried on.</p>"
        }
        if case .running(let days, let records)? = draft.trial {
            return """
                <p role="status" data-live="reload">Replaying the last \(Words.count(days, "day")): \
                \(Words.count(records)) records so far. <a href="\(here)">Look again</a></p>
                """
        }
        let chosen = if case .done(let result)? = draft.trial { result.days } else { 7 }
        let days = PolicyTrials.days.map { one -> HTML in
            "<option value=\"\(one)\"\(one == chosen ? " selected" : "")>\(Words.count(one, "day"))</option>"
        }
        let form: HTML = """
            <form method="post" action="\(here)/backtest" class="bar">\(csrf)<label for="days">The last</label>\
            <select id="days" name="days">\(days)</select><button>Backtest</button></form>
            """
        switch draft.trial {
        case .failed(let why)?:
            return "<p class=\"notice bad\" role=\"alert\">It could not be replayed: \(why)</p>\(form)"
        case .done(let result)?: return "\(TrialView.html(result))\(form)"
        case .running?, nil:
            return """
                <p class="hint">The log's own calls, decided again by this text. Agents would have done other things after other \
                verdicts; that is not told.</p>\(form)
                """
        }
    }

    // MARK: Save

    private var save: HTML {
        guard card.isWritable else {
            return """
                <p>It is not saved from here. Put it into the file that <code>run --policy</code> names; the next call is \
                decided by it.</p><label for="out">The document</label><textarea id="out" rows="12" readonly>
                \(String(decoding: draft.bytes, as: UTF8.self))</textarea>
                """
        }
        guard reading.document != nil else { return "<p class=\"quiet\">Once the check has passed.</p>" }
        guard !isStale else {
            return "<p class=\"quiet\">Once you have looked at the difference to the file as it is now.</p>"
        }
        guard !isSame else { return "<p class=\"quiet\">There is nothing to save: the file says this already.</p>" }
        let unseen: HTML
        if case .done? = draft.trial {
            unseen = ""
        } else {
            unseen = """
                <label class="check"><input type="checkbox" name="unseen" value="1" required> without a backtest</label>
                """
        }
        return """
            <form method="post" action="\(here)/save" class="bar">\(csrf)<button class="main">Save</button>\(unseen)</form>
            <p class="hint">Into <code>\(VisibleText.of(card.file))</code>; what stood there is kept beside it as \
            <code>.previous</code>. The gateway decides by it from the next call on.</p>
            """
    }
}

/// Problems of a text as a table.
enum PolicyProblems {
    static func table(_ problems: [PolicyProblem]) -> HTML {
        let rows = problems.map { problem -> HTML in
            let pointer = problem.pointer.isEmpty ? "(document)" : problem.pointer
            let near: HTML = problem.suggestion.map { "<code>\(VisibleText.of($0))</code>" } ?? "–"
            return """
                <tr><th scope="row"><code>\(VisibleText.of(pointer))</code></th>\
                <td data-name="line">\(problem.line):\(problem.column)</td>\
                <td class="wide" data-name="found">\(VisibleText.of(problem.found))</td>\
                <td class="wide" data-name="expected">\(VisibleText.of(problem.expected))</td>\
                <td data-name="perhaps">\(near)</td></tr>
                """
        }
        return """
            <table class="choice problems"><thead><tr><th scope="col">where</th><th scope="col">line</th>\
            <th scope="col">found</th><th scope="col">expected</th><th scope="col">perhaps</th></tr></thead>\
            <tbody>\(rows)</tbody></table>
            """
    }

    static func json(_ problems: [PolicyProblem]) -> String {
        let list = problems.map { problem -> String in
            let texts: [(String, String?)] = [
                ("code", problem.code.rawValue), ("pointer", problem.pointer), ("found", problem.found),
                ("expected", problem.expected), ("suggestion", problem.suggestion),
            ]
            let parts = texts.compactMap { name, value in value.map { "\"\(name)\":\(JSONString.of($0))" } }
            return "{\(parts.joined(separator: ",")),\"line\":\(problem.line),\"column\":\(problem.column)}"
        }
        return "[\(list.joined(separator: ","))]"
    }
}
