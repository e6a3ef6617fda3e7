import Gateway
import Terminal

/// Talks with running gateways about their brakes; what `tollgate brake` and `tollgate alerts lift` have in common.
struct BrakeTalk {
    private let desk: ApprovalDeskOptions

    init(_ desk: ApprovalDeskOptions) {
        self.desk = desk
    }

    /// The brakes that are on, of all gateways that run.
    func standing() throws -> [ControlValue] {
        try each(ControlRequest(.brakes)).flatMap { reply in
            if let refusal = reply.refusal { throw Failure(refusal.error, hint: refusal.hint) }
            return reply["brakes"]?.list ?? []
        }
    }

    /// Lifts the brake of an id, or of an alert's id, wherever it is on.
    func lift(_ id: String, why: String?) throws {
        guard why?.count ?? 0 <= 500 else {
            throw Failure("--why may have 500 characters", hint: "tollgate brake lift --help")
        }
        var known = try standing().filter { brake in
            let name = brake["id"]?.text ?? ""
            return name == id || isOf(brake, alert: id) || name.split(separator: "/").last.map(String.init) == id
        }
        // One alert may have put several on, at several gateways; a number may be of several logs.
        if known.count > 1, !known.allSatisfy({ isOf($0, alert: id) }) {
            known = []
            throw Failure("'\(id)' is a number in several logs", hint: "tollgate brake list", status: 1)
        }
        guard !known.isEmpty else {
            throw Failure(
                "no brake is on under '\(id)': it is lifted, is over, or never was", hint: "tollgate brake list",
                status: 1)
        }
        var fields: [(name: String, value: ControlValue)] = [("id", .text(id))]
        if let why { fields.append(("why", .text(why))) }
        var refusal: ControlReply.Refusal?
        var lifted: [ControlValue] = []
        for reply in try each(ControlRequest(.brakeLift, fields)) {
            lifted += reply["lifted"]?.list ?? []
            refusal = refusal ?? reply.refusal
        }
        guard !lifted.isEmpty else {
            throw Failure(refusal?.error ?? "it was lifted meanwhile", hint: refusal?.hint, status: 1)
        }
        if desk.json { return Console.output(ControlValue.list(lifted).json + "\n") }
        for brake in lifted { Console.error("tollgate: \(words(brake)): lifted\n") }
    }

    /// Puts a brake on at the gateways that the agent calls through.
    func put(_ fields: [(name: String, value: ControlValue)]) throws {
        let replies = try each(ControlRequest(.brake, fields))
        let brakes = replies.compactMap { $0["brake"] }
        guard !brakes.isEmpty else {
            let refusal = replies.lazy.compactMap(\.refusal).first
            throw Failure(refusal?.error ?? "no gateway put it on", hint: refusal?.hint, status: 1)
        }
        if desk.json { return Console.output(ControlValue.list(brakes).json + "\n") }
        for (reply, brake) in zip(replies.filter { $0["brake"] != nil }, brakes) {
            let shadow = reply["shadow"]?.flag ?? false ? " (its policy is in shadow mode: calls pass)" : ""
            Console.error("tollgate: \(words(brake)): on until \(brake["until"]?.text ?? "")\(shadow)\n")
        }
    }

    private func isOf(_ brake: ControlValue, alert: String) -> Bool {
        brake["alerts"]?.list?.contains { $0.text == alert } ?? false
    }

    private func words(_ brake: ControlValue) -> String {
        let parts = ["id", "agent", "server", "tool"].compactMap { brake[$0]?.text }
        return VisibleText.of("brake \(parts.joined(separator: " "))")
    }

    /// The replies of all gateways that run.
    private func each(_ request: ControlRequest) throws -> [ControlReply] {
        var replies: [ControlReply] = []
        for log in try desk.logs() {
            do throws(ControlError) {
                replies.append(try ControlClient.send(request, log: log))
            } catch {
                guard error.code == .notRunning else { throw error }
            }
        }
        guard !replies.isEmpty else {
            throw Failure("no gateway runs there", hint: "tollgate brake list --config serve.json", status: 3)
        }
        return replies
    }
}
