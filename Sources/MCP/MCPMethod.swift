import StrictJSON

/// The methods that the protocol's revisions define, in either direction.
public enum MCPMethod: String, Sendable, CaseIterable {
    /// Opens a session (handshake era).
    case initialize = "initialize"
    /// Asks for a sign of life.
    case ping = "ping"
    /// Asks for a server's capabilities (stateless era).
    case serverDiscover = "server/discover"
    /// Calls a tool: the method policies decide.
    case toolsCall = "tools/call"
    /// Lists tools, a page at a time.
    case toolsList = "tools/list"
    /// Lists resources.
    case resourcesList = "resources/list"
    /// Lists resource templates.
    case resourcesTemplatesList = "resources/templates/list"
    /// Reads a resource.
    case resourcesRead = "resources/read"
    /// Asks for updates of a resource.
    case resourcesSubscribe = "resources/subscribe"
    /// Ends updates of a resource.
    case resourcesUnsubscribe = "resources/unsubscribe"
    /// Lists prompts.
    case promptsList = "prompts/list"
    /// Gets a prompt.
    case promptsGet = "prompts/get"
    /// Completes an argument.
    case completionComplete = "completion/complete"
    /// Sets the level of a server's log messages.
    case loggingSetLevel = "logging/setLevel"
    /// Opens a stream of notifications (stateless era).
    case subscriptionsListen = "subscriptions/listen"
    /// Asks for a task's state.
    case tasksGet = "tasks/get"
    /// Asks for a task's result.
    case tasksResult = "tasks/result"
    /// Lists tasks.
    case tasksList = "tasks/list"
    /// Cancels a task.
    case tasksCancel = "tasks/cancel"
    /// A server asks for the client's roots.
    case rootsList = "roots/list"
    /// A server asks the client's model.
    case samplingCreateMessage = "sampling/createMessage"
    /// A server asks the client's user.
    case elicitationCreate = "elicitation/create"
    /// The client has finished opening a session.
    case initialized = "notifications/initialized"
    /// A request is no longer wanted.
    case cancelled = "notifications/cancelled"
    /// A long request goes on.
    case progress = "notifications/progress"
    /// A server's log message.
    case message = "notifications/message"
    /// A server's tools have changed.
    case toolsListChanged = "notifications/tools/list_changed"
    /// A server's prompts have changed.
    case promptsListChanged = "notifications/prompts/list_changed"
    /// A server's resources have changed.
    case resourcesListChanged = "notifications/resources/list_changed"
    /// One resource has changed.
    case resourcesUpdated = "notifications/resources/updated"
    /// The client's roots have changed.
    case rootsListChanged = "notifications/roots/list_changed"
    /// A task's state has changed.
    case tasksStatus = "notifications/tasks/status"
    /// An elicitation by URL has ended.
    case elicitationComplete = "notifications/elicitation/complete"
    /// A subscription has begun (stateless era).
    case subscriptionsAcknowledged = "notifications/subscriptions/acknowledged"

    /// Finds the method of this name, compared byte for byte, without allocating.
    ///
    /// - Parameter name: the unescaped UTF-8 bytes.
    public init?(utf8 name: UnsafeBufferPointer<UInt8>) {
        func matches(_ method: MCPMethod) -> Bool {
            var text = method.rawValue
            return text.withUTF8 { $0.elementsEqual(name) }
        }
        // What calls are made of comes first; the rest is rare.
        if matches(.toolsCall) {
            self = .toolsCall
            return
        }
        guard let method = MCPMethod.allCases.first(where: matches) else { return nil }
        self = method
    }
}

/// A message's method: one that is known, or the place of its name.
public struct MethodName: Sendable {
    /// Which known method it is; nil for one of an extension, or one that does not exist.
    public let known: MCPMethod?
    /// The name's token in the message, quotation marks included.
    public let range: Range<Int>

    /// The name, unescaped.
    ///
    /// - Parameter message: the message that the name stands in.
    public func text(in message: [UInt8]) -> String {
        if let known { return known.rawValue }
        let token = message[range]
        if !token.contains(UInt8(ascii: "\\")) {
            return String(decoding: token.dropFirst().dropLast(), as: UTF8.self)
        }
        guard let tree = try? JSONTree(parsing: Array(token)) else { return "" }
        return tree.string(tree.root) ?? ""
    }
}
