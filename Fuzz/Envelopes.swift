import MCP
import StrictJSON

/// What the gateway acts on, by value.
private struct Reading: Equatable {
    var kind: String
    var method: MCPMethod?
    var id: Range<Int>?
    var name: Range<Int>?
    var arguments: Range<Int>?
    var params: Range<Int>?

    init(_ message: ClientMessage, _ tree: JSONTree) {
        switch message {
        case .request(let request):
            kind = "request"
            method = request.method.known
            id = request.id.range
            name = (request.call?.name).map(tree.range)
            arguments = (request.call?.arguments).map(tree.range)
            params = request.params.map(tree.range)
        case .notification(let notification):
            kind = "notification"
            method = notification.method.known
            params = notification.params.map(tree.range)
        case .response(let response):
            kind = response.isError ? "error" : "result"
            id = response.id?.range
        }
    }
}

nonisolated(unsafe) private var used = EnvelopeScanner()
nonisolated(unsafe) private var canonicalizer = JSONCanonicalizer()

private func read(
    _ bytes: UnsafeRawBufferPointer, _ framing: MessageFraming, _ scanner: inout EnvelopeScanner
) -> Result<Reading, EnvelopeRefusal> {
    do throws(EnvelopeRefusal) {
        let message = try scanner.scan(bytes, framing: framing)
        return .success(Reading(message, scanner.tree))
    } catch {
        return .failure(error)
    }
}

/// Reads a client's message in both framings.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEnvelopes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    var fresh = EnvelopeScanner()
    let line = read(bytes, .line, &used)
    require(read(bytes, .line, &fresh) == line, "a used scanner reads as a fresh one does")
    let body = read(bytes, .body, &used)
    if case .success(let reading) = line {
        require(body == .success(reading), "a line that is accepted is accepted as a body")
    }
    if case .failure(let refusal) = body {
        require((0...count).contains(refusal.offset), "a refusal's offset is in the message")
        if case .request(let id) = refusal.answer { require(id.range.upperBound <= count, "so is its id") }
        var answer: [UInt8] = []
        if AnswerWriter.append(refusal, message: bytes, to: &answer) {
            require((try? JSONTree(parsing: answer)) != nil, "the answer to a refusal is JSON")
        }
        return 0
    }
    var flat = Array(bytes)
    MessageFraming.flatten(&flat)
    flat.withUnsafeBytes { flat in require(read(flat, .line, &fresh) == body, "flattened it means the same") }
    inspect(&used, body)
    return 0
}

/// Looks at the tree of a message that was accepted.
private func inspect(_ scanner: inout EnvelopeScanner, _ body: Result<Reading, EnvelopeRefusal>) {
    guard case .success(let reading) = body else { return }
    var tree = scanner.tree
    if let id = reading.id {
        let key = tree.bytes[id].withUnsafeBytes { MessageKey(token: $0) }
        require(key != nil, "an accepted id has a key")
    }
    for part in [reading.arguments, reading.params] {
        guard let part else { continue }
        require((try? JSONTree(parsing: Array(tree.bytes[part]), limits: loose)) != nil, "a part is JSON by itself")
    }
    if reading.method == .toolsCall, reading.kind == "request" {
        require(tree.firstDuplicateKey(in: tree.root, deep: true) == nil, "a call has no key twice")
    }
    if tree.firstDuplicateKey(in: tree.root, deep: true) == nil {
        walk(tree.root, tree, budget: 400)
        var canonical: [UInt8] = []
        canonicalizer.append(tree.root, of: tree, to: &canonical)
        guard let again = try? JSONTree(parsing: canonical, limits: loose) else {
            return require(false, "the canonical form is JSON")
        }
        var twice: [UInt8] = []
        canonicalizer.append(again.root, of: again, to: &twice)
        require(canonical == twice, "the canonical form is a fixed point")
    }
}

private let loose = JSONLimits(maximumBytes: 64 << 20, maximumDepth: 100, duplicateKeys: .allow)

/// Every key finds its own value.
private func walk(_ root: JSONNode, _ tree: JSONTree, budget: Int) {
    var pending = [root]
    var budget = budget
    while let node = pending.popLast(), budget > 0 {
        budget -= 1
        for (key, value) in tree.members(node).prefix(50) {
            guard let name = tree.string(key) else { return require(false, "a key is a string") }
            require(tree.member(node, named: name) == value, "a key finds its own value")
            require(Array(name.utf8) == tree.withUnescaped(key) { Array($0) }, "both ways of unescaping agree")
            pending.append(value)
        }
        let found = tree.members(node).reduce(0) { count, _ in count + 1 }
        require(tree.elements(node).reduce(found) { count, _ in count + 1 } == tree.count(node), "the counts are right")
        pending += tree.elements(node).prefix(50)
    }
}
