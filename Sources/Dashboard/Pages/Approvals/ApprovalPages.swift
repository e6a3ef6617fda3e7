import Events
import Foundation
import Hummingbird
import Reports
import StrictJSON
import Synchronization
import Terminal
import Warehouse

/// Approvals: the calls that wait for a person, and deciding about them.
struct ApprovalPages: Sendable {
    private static let longestMessage = 500
    private static let past: Int64 = 7 * 86_400_000_000
    let site: Site
    private let decided = DecidedCalls()

    init(site: Site) {
        self.site = site
    }

    func add(to router: Router<DashboardContext>) {
        router.get("/approvals") { request, context -> Response in
            await site.answer("Approvals", in: .approvals, context) {
                let parts = try await site.work { try self.parts() }
                let done = request.uri.queryParameters["done"].map(String.init)?.removingPercentEncoding
                let view = ApprovalView(site: site, visitor: context.visitor)
                let body = view.page(parts.waiting, parts.past, parts.expired, done: done.flatMap(decided.newest))
                return .page(site.shell.page("Approvals", in: .approvals, for: context.visitor, body))
            }
        }
        router.post("/approvals/{id}/decide") { request, context -> Response in
            await site.answer("Approvals", in: .approvals, context) {
                let form = try await FormBody.read(request, context)
                let id = ReportPages.name(context, "id")
                guard let word = form["decision"], word == "approve" || word == "deny" else {
                    throw PageError(.badRequest, "Approve or deny: one of the two.")
                }
                try await decide(id, approves: word == "approve", form.text("message"))
                return .redirect(to: "/approvals?done=" + PageAddress.segment(id))
            }
        }
        router.get("/api/v1/approvals") { _, _ -> Response in
            await site.answerJSON {
                let calls = try await site.work { try desk().waiting() }
                return .json("{\"approvals\":[\(calls.map(\.json).joined(separator: ","))]}\n")
            }
        }
        for word in ["approve", "deny"] {
            router.post(RouterPath("/api/v1/approvals/{id}/\(word)")) { request, context -> Response in
                await site.answerJSON {
                    let body = try await JSONBody.read(request, context, site).texts(["message"])
                    let id = ReportPages.name(context, "id")
                    try await decide(id, approves: word == "approve", body["message"])
                    let state = word == "approve" ? "approved" : "denied"
                    return .json("{\"id\":\(JSONString.of(id)),\"state\":\"\(state)\"}\n")
                }
            }
        }
    }

    private func desk() throws -> any ApprovalDesk {
        guard let desk = site.settings.approvals else {
            throw PageError(.notFound, "No gateway can be asked from here.", hint: "tollgate approvals list")
        }
        return desk
    }

    private func decide(_ id: String, approves: Bool, _ message: String?) async throws {
        guard message?.count ?? 0 <= Self.longestMessage else {
            throw PageError(.badRequest, "A message may have \(Self.longestMessage) characters.")
        }
        try await site.work {
            do {
                try desk().decide(id, approves: approves, message: message)
            } catch let refusal as DeskRefusal where refusal.isConflict {
                // Whoever comes second is told who came first.
                guard let earlier = (try? past())?.first(where: { $0.id == id }) else { throw refusal }
                throw DeskRefusal("\(id): \(earlier.words).", hint: refusal.hint, isConflict: true)
            }
        }
        decided.add(
            DecidedCall(
                id: id, state: approves ? "approved" : "denied", by: site.settings.user, at: site.settings.now(),
                message: message))
    }

    private struct Parts: Sendable {
        var waiting: Result<[WaitingCall], DeskRefusal>
        var past: [DecidedCall] = []
        /// Calls of the last seven days that nobody decided about in time.
        var expired = 0
    }

    private func parts() throws -> Parts {
        var parts = Parts(waiting: .success([]))
        do {
            parts.waiting = .success(try desk().waiting())
        } catch let refusal as DeskRefusal {
            parts.waiting = .failure(refusal)
        }
        parts.past = (try? past()) ?? decided.all
        if let store = try? site.stores.open(site.settings.warehouse) {
            parts.expired = try store.denials(in: period).filter { $0.reason == .approvalExpired }
                .reduce(0) { $0 + $1.calls }
        }
        return parts
    }

    private var period: Period {
        let now = site.settings.now()
        return Period(from: now.advanced(by: -Self.past), to: now.advanced(by: 1_000_000))
    }

    /// What was decided in the last seven days, the newest first: here, and by the warehouse's word anywhere.
    private func past() throws -> [DecidedCall] {
        let own = decided.all
        let store = try site.stores.open(site.settings.warehouse)
        let known = try store.controlEvents(in: period, of: [.approvalDecided]).map { row in
            DecidedCall(
                id: row.control.text(.id) ?? "", state: row.control.text(.state) ?? "", by: row.control.text(.by) ?? "",
                at: row.at, message: row.control.text(.reason), agent: row.control.text(.agent),
                tool: row.control.text(.tool))
        }
        let names = Set(known.map { "\($0.id) \($0.state)" })
        let notLoaded = own.filter { !names.contains("\($0.id) \($0.state)") }
        return (known + notLoaded).sorted { $0.at > $1.at }
    }
}

/// A call that somebody has decided about.
struct DecidedCall: Sendable {
    var id: String
    var state: String
    var by: String
    var at: Timestamp
    var message: String?
    var agent: String?
    var tool: String?

    /// `approved by ann, Mon 16 Nov 14:02`.
    var words: String { "\(state) by \(by), \(Words.moment(at))" }
}

/// What was decided here, until the warehouse knows it.
final class DecidedCalls: Sendable {
    private static let most = 100
    private let calls = Mutex<[DecidedCall]>([])

    var all: [DecidedCall] { calls.withLock { $0 } }

    func add(_ call: DecidedCall) {
        calls.withLock { calls in
            calls.append(call)
            calls.removeFirst(max(0, calls.count - Self.most))
        }
    }

    /// What was decided last about a call; nil where that was not here: an address alone makes no page say so.
    func newest(_ id: String) -> DecidedCall? {
        calls.withLock { $0.last { $0.id == id } }
    }
}
