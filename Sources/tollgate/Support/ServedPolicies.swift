import AuditLog
import Dashboard
import Events
import Foundation
import Gateway
import Policy

/// The policies of a `serve`: by the running gateway's word, or by the configuration where none runs.
///
/// A save goes through the gateway, which replaces the file and decides by it in one step.
struct ServedPolicies: PolicyDesk {
    /// The configuration's file.
    let configuration: String
    /// The gateway's log.
    let log: String

    private var gateways: RunningGateways { RunningGateways { [log] } }

    func policies() throws -> [PolicyCard] {
        let logs = [LogDirectory(path: log)].filter { (try? LogIdentity.read($0)) != nil }
        if let reply = try gateways.each(ControlRequest(.policies)).first?.reply {
            let refusal = reply["refusal"]?.text
            return (reply["policies"]?.list ?? []).compactMap { ServedPolicy($0) }.map { policy in
                var card = card(policy, logs)
                card.inForce = policy.digest
                card.refusal = refusal
                return card
            }
        }
        do throws(ConfigurationError) {
            let settings = try ServeSettings.load(configuration, environment: ProcessInfo.processInfo.environment)
            return ServedPolicy.all(of: settings).map { card($0, logs) }
        } catch {
            throw DeskRefusal(error.message, hint: error.hint)
        }
    }

    private func card(_ policy: ServedPolicy, _ logs: [LogDirectory]) -> PolicyCard {
        var card = PolicyCard(id: policy.name, name: policy.name, file: policy.file, isWritable: true, logs: logs)
        card.isYAML = PolicyLoader.isYAML(policy.file)
        card.mode = policy.mode
        card.users = policy.users.map { PolicyCard.User(grant: $0.grant, agent: $0.agent, servers: $0.servers) }
        return card
    }

    func text(of card: PolicyCard) throws -> PolicyBytes {
        do throws(PolicyFile.Trouble) {
            let (bytes, digest) = try PolicyFile(card.file).read()
            return PolicyBytes(bytes: bytes, digest: digest)
        } catch {
            throw DeskRefusal(error)
        }
    }

    func check(_ bytes: [UInt8], as card: PolicyCard) -> PolicyReading {
        PolicyLoader.read(bytes, of: card.file)
    }

    func listedTools(of card: PolicyCard) -> [ListedTool] { gateways.listedTools() }

    func save(
        _ bytes: [UInt8], as card: PolicyCard, over base: String
    ) throws -> (digest: Digest64?, refusal: String?) {
        let file = PolicyFile(card.file)
        do throws(PolicyFile.Trouble) {
            let prepared = try file.prepare(bytes)
            guard let reply = try ask(card, prepared, base) else {
                try file.replace(by: prepared, over: base)
                return (nil, nil)
            }
            if let refusal = reply.refusal {
                file.discard(prepared)
                throw PolicyFile.Trouble(message: refusal.error, hint: refusal.hint, isStale: true)
            }
            return (reply["digest"]?.text.flatMap { Digest64(hex: $0.utf8) }, reply["refusal"]?.text)
        } catch {
            throw DeskRefusal(error)
        }
    }

    /// What the running gateway makes of a save; nil where none runs.
    private func ask(
        _ card: PolicyCard, _ prepared: String, _ base: String
    ) throws(PolicyFile.Trouble) -> ControlReply? {
        let request = ControlRequest(
            .policySave, [("policy", .text(card.name)), ("base", .text(base)), ("prepared", .text(prepared))])
        do throws(ControlError) {
            return try ControlClient.send(request, log: log)
        } catch {
            guard error.code != .notRunning else { return nil }
            throw PolicyFile.Trouble(message: error.message, hint: error.hint)
        }
    }
}

extension DeskRefusal {
    fileprivate init(_ trouble: PolicyFile.Trouble) {
        self.init(trouble.message, hint: trouble.hint, isConflict: trouble.isStale)
    }
}
