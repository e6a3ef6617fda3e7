import AuditLog
import Events
import Foundation
import Hummingbird
import Reports
import StrictJSON
import Terminal
import Warehouse

/// The logs themselves: segments, the newest signed head, and whether all of it is as it was written.
struct LogPage: Sendable {
    private static let shown = 200
    let site: Site
    let checks = LogChecks()

    func add(to router: Router<DashboardContext>) {
        router.get("/log") { _, context -> Response in
            await site.answer("Log", in: .log, context) {
                let lags = try await site.work { try self.lags() }
                return .page(site.shell.page("Log", in: .log, for: context.visitor, LogLag.table(lags)))
            }
        }
        router.get("/log/{name}") { _, context -> Response in
            let name = ReportPages.name(context, "name")
            return await site.answer("Log \(name)", in: .log, context) {
                let log = try log(name)
                let view = try await site.work { try LogView(log) }
                let title = "Log \(name)"
                return .page(site.shell.page(title, in: .log, for: context.visitor, body(view, context.visitor)))
            }
        }
        router.post("/log/{name}/verify") { request, context -> Response in
            let name = ReportPages.name(context, "name")
            return await site.answer("Log", in: .log, context) {
                _ = try await FormBody.read(request, context)
                checks.begin(try log(name), now: site.settings.now)
                return .redirect(to: "/log/" + PageAddress.segment(name))
            }
        }
        router.get("/api/v1/log/{name}") { _, context -> Response in
            await site.answerJSON {
                let log = try log(ReportPages.name(context, "name"))
                let view = try await site.work { try LogView(log) }
                return .json(view.json(checks.state(of: log)))
            }
        }
    }

    private func lags() throws -> [LogLag] {
        let store = try site.stores.open(site.settings.warehouse)
        return LogLag.all(site.settings.logs(), try store.logCoverage(), now: site.settings.now())
    }

    /// Only a log that is followed: what stands in an address names nothing else.
    private func log(_ name: String) throws -> LogDirectory {
        guard let log = site.settings.logs().first(where: { $0.name == name }) else {
            throw PageError(.notFound, "There is no such log.")
        }
        return log
    }

    private func body(_ view: LogView, _ visitor: Visitor) -> HTML {
        let action = "/log/\(PageAddress.segment(view.log.name))/verify"
        let rows = view.segments.suffix(Self.shown).reversed().map { segment -> HTML in
            let state = segment.isSealed ? "sealed" : "open"
            return """
                <tr><td><code>\(segment.name)</code></td><td class="num">\(Words.count(segment.first))</td>\
                <td class="num">\(Words.count(segment.bytes))</td><td>\(state)</td></tr>
                """
        }
        let left = view.segments.count - Self.shown
        let more: HTML = left > 0 ? "<p class=\"more\">\(Words.count(left)) older segments are not shown.</p>" : ""
        return """
            <section><h2>Verified</h2>\(state(checks.state(of: view.log)))
            <form method="post" action="\(action)">\(site.shell.csrf(visitor))<button class="main">Verify now</button></form>
            <p class="hint">Every record, its segment's check sums, the tree's root and the heads' signatures, as \
            <code>tollgate log verify</code> does.</p></section>
            <section><h2>Newest signed head</h2>\(head(view))</section>
            <section><h2>Segments</h2><div class="scroll" tabindex="0"><table><thead><tr><th scope="col">segment</th>\
            <th scope="col" class="num">first seq</th><th scope="col" class="num">bytes</th><th scope="col">state</th>\
            </tr></thead><tbody>\(rows)</tbody></table></div>\(more)</section>
            """
    }

    private func head(_ view: LogView) -> HTML {
        guard let head = view.head else { return "<p class=\"quiet\">No head has been signed yet.</p>" }
        return """
            <p>\(Words.count(head.head.size)) records, signed \(Words.moment(head.timestamp)). Keep it elsewhere: \
            whatever is removed or changed below it is found then.</p><pre><code>\(head.note.whole)</code></pre>
            """
    }

    private func state(_ state: LogChecks.State?) -> HTML {
        switch state {
        case nil: "<p class=\"quiet\">Not since the dashboard began.</p>"
        case .running(let records):
            "<p role=\"status\" data-live=\"reload\">Verifying: \(Words.count(records)) records so far. "
                + "<a href=\"\">Look again</a></p>"
        case .whole(let words, let at): "<p class=\"good\">\(words) (\(Words.moment(at)))</p>"
        case .broken(let words, let at):
            "<p class=\"notice bad\" role=\"alert\">\(words) (\(Words.moment(at)))</p>"
        }
    }
}

extension HTML {
    fileprivate static func + (a: HTML, b: HTML) -> HTML { .joined([a, b]) }
}

/// What a log's folder holds.
struct LogView: Sendable {
    struct Segment: Sendable {
        var name: String
        var first: UInt64
        var bytes: Int
        var isSealed: Bool
    }

    let log: LogDirectory
    let segments: [Segment]
    let head: KeptHead?

    init(_ log: LogDirectory) throws {
        self.log = log
        let manager = FileManager.default
        segments = try log.segments(on: PosixFileSystem()).sorted().map { seq in
            let attributes = try? manager.attributesOfItem(atPath: log.segmentPath(seq))
            return Segment(
                name: LogDirectory.segmentName(seq), first: seq,
                bytes: (attributes?[.size] as? NSNumber)?.intValue ?? 0,
                isSealed: manager.fileExists(atPath: log.manifestPath(seq)))
        }
        head = try KeptHead.newest(of: log)
    }

    func json(_ state: LogChecks.State?) -> String {
        let list = segments.map {
            "{\"name\":\(JSONString.of($0.name)),\"first_seq\":\($0.first),\"bytes\":\($0.bytes),\"sealed\":\($0.isSealed)}"
        }
        let head = head.map {
            ",\"head\":{\"size\":\($0.head.size),\"at\":\(JSONString.of($0.timestamp.description)),"
                + "\"note\":\(JSONString.of($0.note.whole))}"
        }
        return "{\"log\":\(JSONString.of(log.name))\(head ?? ""),\"check\":\(state.map(\.json) ?? "null"),"
            + "\"segments\":[\(list.joined(separator: ","))]}\n"
    }
}
