import AuditLog
import Events
import Policy

/// The policies that a gateway decides by, and putting another in one's place.
extension GatewayOperator {
    /// What is in force: by the gateway's own word, not by what stands in files.
    func policies() -> ControlReply {
        let (settings, refusal) = state.withLock { ($0.settings, $0.refusal) }
        var fields: [(name: String, value: ControlValue)] = [
            ("policies", .list(ServedPolicy.all(of: settings).map(\.controlValue)))
        ]
        // The files say something else, which the gateway did not take.
        if let refusal { fields.append(("refusal", .text(refusal))) }
        return .done(fields)
    }

    /// Puts a file that was prepared beside a policy's file in its place and decides by it from the next call on.
    ///
    /// One request at a time, and none while the files are read: what was looked at is what is replaced.
    func savePolicy(_ request: ControlRequest) -> ControlReply {
        guard let name = request["policy"]?.text, let base = request["base"]?.text,
            let prepared = request["prepared"]?.text
        else { return .refused("a policy is saved with \"policy\", \"base\" and \"prepared\"") }
        return state.withLock { state in
            guard let path = state.settings.configuration.policies[name] else {
                return .refused("no policy is called \(name)", hint: "tollgate serve --check --config FILE")
            }
            do throws(PolicyFile.Trouble) {
                try PolicyFile(path).replace(by: prepared, over: base)
            } catch {
                return .refused(error.message, hint: error.hint)
            }
            // It is saved, whatever else keeps the gateway from reading its files.
            let refusal = reload(&state, by: request.user)
            let digest = state.settings.policies[name]?.digest.description ?? ""
            var fields: [(name: String, value: ControlValue)] = [("digest", .text(digest))]
            if let refusal { fields.append(("refusal", .text(refusal.error))) }
            return .done(fields)
        }
    }
}
