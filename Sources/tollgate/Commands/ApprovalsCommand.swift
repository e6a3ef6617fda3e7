import ArgumentParser
import AuditLog
import Foundation
import Gateway
import Terminal

/// `tollgate approvals`: calls that wait for a person.
struct ApprovalsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals",
        abstract: "See, approve and refuse the calls that wait for a person.",
        discussion: """
            A tool whose policy says `approval` has each of its calls held until somebody decides. Who decides is the
            operating system's user, by the kernel's word; the record says so. An approval is for exactly the arguments
            that were shown to the gateway, and for one call.

            Exit status: 0 done, 1 refused (no such call waits), 2 usage, 3 no gateway runs.

            Example:
              tollgate approvals list --config serve.json
              tollgate approvals approve gw/12 --config serve.json
            """,
        subcommands: [
            ApprovalsListCommand.self, ApprovalsShowCommand.self, ApprovalsApproveCommand.self,
            ApprovalsDenyCommand.self,
        ],
        defaultSubcommand: ApprovalsListCommand.self)
}

/// Which gateway is asked.
struct ApprovalDeskOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration of `serve`.", valueName: "file"))
    var config: String?
    @Option(
        help: ArgumentHelp(
            "The log of the gateway, of `run` too; the default is every running one's.", valueName: "dir"))
    var log: String?
    @Flag(help: "Print JSON.")
    var json = false

    /// The logs of gateways that may run.
    func logs() throws -> [String] {
        if let log { return [Places.absolute(log)] }
        guard let config else { return Places.home.logs().map(\.path) }
        let settings = try ServeSettings.load(
            Places.absolute(config), environment: ProcessInfo.processInfo.environment)
        return [settings.configuration.log]
    }

    /// Calls that wait, of all these gateways.
    func waiting() throws -> [ControlValue] {
        var found: [ControlValue] = []
        var hasAnswered = false
        for log in try logs() {
            do throws(ControlError) {
                let reply = try ControlClient.send(ControlRequest(.approvals), log: log)
                if let refusal = reply.refusal { throw ControlError(.protocol, refusal.error, hint: refusal.hint) }
                found += reply["approvals"]?.list ?? []
                hasAnswered = true
            } catch {
                guard error.code == .notRunning else { throw error }
            }
        }
        guard hasAnswered else {
            throw Failure("no gateway runs there", hint: "tollgate approvals list --config serve.json", status: 3)
        }
        return found
    }

    /// The one call of an id.
    func call(_ id: String) throws -> ControlValue {
        let calls = try waiting().filter { call in
            let name = call["id"]?.text ?? ""
            return name == id || name.split(separator: "/").last.map(String.init) == id
        }
        guard let first = calls.first else {
            throw Failure("no call waits under '\(id)'", hint: "tollgate approvals list", status: 1)
        }
        guard calls.count == 1 else {
            throw Failure(
                "'\(id)' names \(calls.count) calls, of several gateways", hint: "give the whole id, or --log")
        }
        return first
    }

    /// Decides about a call, at the gateway that holds it.
    func decide(_ id: String, _ action: ControlRequest.Action, message: String? = nil) throws {
        let name = try call(id)["id"]?.text ?? id
        var fields: [(name: String, value: ControlValue)] = [("id", .text(name))]
        if let message { fields.append(("message", .text(message))) }
        var refusal: ControlReply.Refusal?
        for log in try logs() {
            do throws(ControlError) {
                let waits = try ControlClient.send(ControlRequest(.approvals), log: log)
                guard waits["approvals"]?.list?.contains(where: { $0["id"]?.text == name }) ?? false else { continue }
                let reply = try ControlClient.send(ControlRequest(action, fields), log: log)
                if reply.isDone { return report(name, reply) }
                refusal = reply.refusal
            } catch {
                guard error.code == .notRunning else { throw error }
            }
        }
        throw Failure(
            refusal?.error ?? "no call waits under '\(id)' any more", hint: refusal?.hint ?? "tollgate approvals list",
            status: 1)
    }

    private func report(_ name: String, _ reply: ControlReply) {
        let state = reply["state"]?.text ?? ""
        if json { return Console.output(JSONText.line(["id": name, "state": state]) + "\n") }
        Console.error("tollgate: \(name) is \(state)\n")
    }
}

/// `tollgate approvals list`.
struct ApprovalsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the calls that wait, the oldest first.",
        discussion: """
            Example:
              tollgate approvals list --config serve.json --json
            """)

    @OptionGroup var desk: ApprovalDeskOptions

    func run() throws {
        let calls = try desk.waiting()
        if desk.json { return Console.output(ControlValue.list(calls).json + "\n") }
        if calls.isEmpty { Console.error("tollgate: no call waits\n") }
        for call in calls {
            let words: [String] = [
                call["id"]?.text ?? "", call["tool"]?.text ?? "", call["agent"]?.text ?? "-",
                call["server"]?.text ?? "", "since \(call["since"]?.text ?? "")",
                call["approved_by"]?.text.map { "approved by \($0)" } ?? "pending",
            ]
            Console.output(words.map { VisibleText.of($0) }.joined(separator: "\t") + "\n")
        }
    }
}

/// `tollgate approvals show`.
struct ApprovalsShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show all that is known of one call.",
        discussion: """
            Of the arguments it shows the names, and the values that the policy's `record` lets into the log; no others.

            Example:
              tollgate approvals show gw/12
            """)

    @Argument(help: ArgumentHelp("The call's id, or its number.", valueName: "id"))
    var id: String
    @OptionGroup var desk: ApprovalDeskOptions

    func run() throws {
        let call = try desk.call(id)
        if desk.json { return Console.output(call.json + "\n") }
        for (name, value) in call.members ?? [] {
            // Callers choose some of these texts, and must not be able to draw on the screen of whoever decides.
            for text in value.list.map({ $0.compactMap(\.text) }) ?? [value.text ?? value.json] {
                Console.output(name.padding(toLength: 16, withPad: " ", startingAt: 0) + VisibleText.of(text) + "\n")
            }
        }
    }
}

/// `tollgate approvals approve`.
struct ApprovalsApproveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Let a held call go on, once.",
        discussion: """
            It is decided again then: its grant, the brake and its limits may be others by now. Where its caller has been told
            to call again, its next call with the same arguments goes on.

            Example:
              tollgate approvals approve gw/12
            """)

    @Argument(help: ArgumentHelp("The call's id, or its number.", valueName: "id"))
    var id: String
    @OptionGroup var desk: ApprovalDeskOptions

    func run() throws { try desk.decide(id, .approve) }
}

/// `tollgate approvals deny`.
struct ApprovalsDenyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deny", abstract: "Refuse a held call, or take back an approval that nobody has used.",
        discussion: """
            Example:
              tollgate approvals deny gw/12 --message "Ask finance first."
            """)

    @Argument(help: ArgumentHelp("The call's id, or its number.", valueName: "id"))
    var id: String
    @Option(
        help: ArgumentHelp("What the caller is told, at most 500 characters; it stands in the log.", valueName: "text"))
    var message: String?
    @OptionGroup var desk: ApprovalDeskOptions

    func run() throws {
        guard message?.count ?? 0 <= 500 else {
            throw Failure("--message may have 500 characters", hint: "tollgate approvals deny --help")
        }
        try desk.decide(id, .deny, message: message)
    }
}
