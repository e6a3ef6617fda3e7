import StrictJSON

/// What somebody asks of the process that holds a log: `{"do": "grant_revoke", "id": "ci"}`.
public struct ControlRequest: Sendable, Equatable {
    /// What is to be done; whoever answers knows the words.
    public struct Action: RawRepresentable, Sendable, Hashable {
        /// The word under `do`.
        public let rawValue: String

        /// Takes a word.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// How the process is doing.
        public static let status = Action(rawValue: "status")
        /// Read configuration, policies and grants again.
        public static let reload = Action(rawValue: "reload")
        /// List the grants.
        public static let grants = Action(rawValue: "grants")
        /// Make a grant, or all of a sheet.
        public static let grantCreate = Action(rawValue: "grant_create")
        /// End a grant.
        public static let grantRevoke = Action(rawValue: "grant_revoke")
        /// Give a grant a new token.
        public static let grantRotate = Action(rawValue: "grant_rotate")
        /// End the active segment, and seal what is finished.
        public static let seal = Action(rawValue: "seal")
        /// Remove segments whose time is over.
        public static let retain = Action(rawValue: "retain")
        /// List the calls that wait for a person, and the approvals that wait for their call.
        public static let approvals = Action(rawValue: "approvals")
        /// Approve a held call.
        public static let approve = Action(rawValue: "approve")
        /// Refuse a held call.
        public static let deny = Action(rawValue: "deny")
        /// List the brakes that are on.
        public static let brakes = Action(rawValue: "brakes")
        /// Put the brake on for an agent and a tool.
        public static let brake = Action(rawValue: "brake")
        /// Lift a brake.
        public static let brakeLift = Action(rawValue: "brake_lift")
        /// List the tools that its servers have listed.
        public static let tools = Action(rawValue: "tools")
        /// List the policies that it decides by.
        public static let policies = Action(rawValue: "policies")
        /// Put another file in a policy's place and decide by it.
        public static let policySave = Action(rawValue: "policy_save")
        /// Finish and end.
        public static let stop = Action(rawValue: "stop")
    }

    /// What is to be done.
    public var action: Action
    /// With what; `do` is not among them.
    public var fields: [(name: String, value: ControlValue)]
    /// The operating system's user who asks, by the kernel's word; nil before it is received.
    public internal(set) var user: String?

    /// Makes a request.
    public init(_ action: Action, _ fields: [(name: String, value: ControlValue)] = []) {
        self.action = action
        self.fields = fields
    }

    /// One of its fields.
    public subscript(name: String) -> ControlValue? {
        fields.first { $0.name == name }?.value
    }

    /// Reads a line.
    init(line: [UInt8]) throws(ControlError) {
        let limits = JSONLimits(maximumBytes: ControlServer.Limits().lineBytes, maximumDepth: 16)
        let tree: JSONTree
        do {
            tree = try JSONTree(parsing: line, limits: limits)
        } catch {
            throw ControlError(.protocol, "the request is no JSON: \(error)")
        }
        guard case .object(var members) = ControlValue(tree, tree.root),
            let index = members.firstIndex(where: { $0.name == "do" }), let word = members[index].value.text
        else {
            throw ControlError(.protocol, "the request is no object with a text under \"do\"")
        }
        members.remove(at: index)
        self.init(Action(rawValue: word), members)
    }

    /// The request as a line, with its line break.
    var line: [UInt8] {
        var bytes: [UInt8] = []
        ControlValue.object([("do", .text(action.rawValue))] + fields).write(to: &bytes)
        return bytes + [UInt8(ascii: "\n")]
    }

    /// Whether two requests ask the same.
    public static func == (left: ControlRequest, right: ControlRequest) -> Bool {
        left.action == right.action && ControlValue.object(left.fields) == ControlValue.object(right.fields)
    }
}
