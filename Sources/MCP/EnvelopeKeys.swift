import StrictJSON

/// The members of a message's outermost object that decide what it is.
struct TopLevel {
    var jsonrpc: JSONNode?
    var id: JSONNode?
    var method: JSONNode?
    var params: JSONNode?
    var result: JSONNode?
    var error: JSONNode?
    var knownMethod: MCPMethod?
    /// The first key that some reader takes for one of those above.
    var ambiguousKey: JSONNode?
    /// The first key `__proto__`.
    var prototypeKey: JSONNode?

    init(of tree: JSONTree) {
        for (key, value) in tree.members(tree.root) {
            if tree.text(key, is: "method") {
                method = method ?? value
            } else if tree.text(key, is: "params") {
                params = params ?? value
            } else if tree.text(key, is: "id") {
                id = id ?? value
            } else if tree.text(key, is: "jsonrpc") {
                jsonrpc = jsonrpc ?? value
            } else if tree.text(key, is: "result") {
                result = result ?? value
            } else if tree.text(key, is: "error") {
                error = error ?? value
            } else if tree.text(key, is: "__proto__") {
                prototypeKey = prototypeKey ?? key
            } else if FoldedKey.topLevel.covers(key, in: tree) {
                ambiguousKey = ambiguousKey ?? key
            }
        }
        knownMethod = method.flatMap { tree.withUnescaped($0) { MCPMethod(utf8: $0) } } ?? nil
    }
}

/// The members of a tool call's `params` that decide what it does.
struct CallParameters {
    var name: JSONNode?
    var arguments: JSONNode?
    var isTask = false
    var requestState: JSONNode?
    var hasInputResponses = false
    /// The first key that some reader takes for one of the deciding ones.
    var ambiguousKey: JSONNode?

    init(of params: JSONNode, in tree: JSONTree) {
        for (key, value) in tree.members(params) {
            if tree.text(key, is: "name") {
                name = value
            } else if tree.text(key, is: "arguments") {
                arguments = value
            } else if tree.text(key, is: "_meta") {
                continue
            } else if tree.text(key, is: "task") {
                isTask = true
            } else if tree.text(key, is: "requestState") {
                requestState = value
            } else if tree.text(key, is: "inputResponses") {
                hasInputResponses = true
            } else if FoldedKey.callParameters.covers(key, in: tree) {
                ambiguousKey = ambiguousKey ?? key
            }
        }
    }
}
