import Events

/// Decisions as events of OCSF 1.5's API Activity, class 6003, with the Security Control profile.
///
/// Source: the Open Cybersecurity Schema Framework, classes `api_activity`, objects `metadata`, `actor`, `api`.
enum OCSFExport {
    private static let classID = 6003

    static func append(_ record: Record, log: String, to out: inout LineBuffer) {
        guard case .decision(let decision) = record.body else { return }
        let activity = activity(decision.risk)
        let passes = decision.verdict == .allow || decision.mode == .shadow
        out.append("{\"category_uid\":6,\"class_uid\":6003,\"activity_id\":")
        out.append(decimal: Int64(activity))
        out.append(",\"type_uid\":")
        out.append(decimal: Int64(classID * 100 + activity))
        out.append(",\"time\":")
        out.append(decimal: record.timestamp.microseconds / 1000)
        out.append(",\"severity_id\":")
        out.append(decimal: Int64(passes ? 1 : 3))
        out.append(",\"status_id\":")
        out.append(decimal: Int64(passes ? 1 : 2))
        out.append(",\"action_id\":")
        out.append(decimal: Int64(passes ? 1 : 2))
        out.append(",\"disposition_id\":")
        out.append(decimal: Int64(passes ? 1 : 2))
        out.member(",\"status_code\":", decision.reason.rawValue)
        out.member(",\"status_detail\":", decision.rule)
        out.member(",\"message\":", decision.message)
        out.append(",\"metadata\":{\"version\":\"1.5.0\",\"profiles\":[\"security_control\"]")
        out.append(",\"product\":{\"name\":\"tollgate\",\"vendor_name\":\"tollgate\"}")
        out.member(",\"uid\":", "\(log)/\(record.seq)")
        out.member(",\"log_name\":", log)
        out.append("},\"actor\":{\"user\":{\"type_id\":99")
        out.member(",\"name\":", decision.agent ?? "unknown")
        out.member(",\"uid\":", decision.grant)
        out.append("}")
        if let session = decision.session {
            out.member(",\"session\":{\"uid\":", session)
            out.append("}")
        }
        out.member("},\"api\":{\"operation\":", decision.tool ?? decision.method)
        out.member(",\"service\":{\"name\":", decision.server)
        out.member("},\"request\":{\"uid\":", decision.rpcID ?? "")
        // An address is required of the class; a stdio client has none.
        out.member("}},\"src_endpoint\":{\"ip\":", decision.peer ?? "127.0.0.1")
        out.member("},\"unmapped\":{\"method\":", decision.method)
        out.member(",\"mode\":", decision.mode.rawValue)
        out.member(",\"verdict\":", decision.verdict.rawValue)
        out.member(",\"risk\":", decision.risk?.rawValue)
        out.member(",\"arg_digest\":", decision.argumentDigest?.description)
        out.member(",\"policy_digest\":", decision.policyDigest?.description)
        out.append("}}\n")
    }

    /// Create, read, update, delete, or other.
    private static func activity(_ risk: Risk?) -> Int {
        switch risk {
        case .read: 2
        case .write: 3
        case .destructive: 4
        default: 99
        }
    }
}
