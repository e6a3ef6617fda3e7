/// The one pass over a document: checks RFC 8259 and writes nodes in document order.
///
/// A state machine instead of recursion, so that depth costs no stack: an open container keeps its parent's index in
/// `Node.next` until it is closed. It can stop for want of nodes and go on where it stopped.
struct Parser {
    private enum State {
        case start
        case value
        case firstElement
        case firstKey
        case key
        case colon
        case afterValue
    }

    private static let noParent = UInt32.max

    private let maximumDepth: Int
    private var state = State.start
    private var offset = 0
    private var depth = 0
    private var parent = Parser.noParent
    private(set) var nodeCount = 0

    init(maximumDepth: Int) {
        self.maximumDepth = maximumDepth
    }

    /// Goes on until the document's end (true) or until `nodes` is full (false).
    ///
    /// - Throws: ``JSONError`` for the first thing wrong with the document.
    mutating func run(
        _ input: UnsafeBufferPointer<UInt8>, into nodes: UnsafeMutableBufferPointer<Node>
    ) throws(JSONError) -> Bool {
        guard let base = input.baseAddress, let nodeBase = nodes.baseAddress else { throw JSONError(.empty, at: 0) }
        var source = TokenScanner(base: base, end: input.count, at: offset)
        var parent = parent
        var count = nodeCount
        var state = state
        defer {
            offset = source.at
            self.parent = parent
            nodeCount = count
            self.state = state
        }
        while true {
            source.skipWhiteSpace()
            guard source.at < source.end else {
                if state == .afterValue, parent == Parser.noParent { return true }
                throw JSONError(state == .start ? .empty : .truncated, at: source.end)
            }
            let byte = base[source.at]
            switch state {
            case .afterValue:
                guard parent != Parser.noParent else { throw JSONError(.trailingBytes, at: source.at) }
                let isObject = nodeBase[Int(parent)].kind == .object
                nodeBase[Int(parent)].tag &+= Node.countUnit
                if byte == UInt8(ascii: ",") {
                    source.at &+= 1
                    state = isObject ? .key : .value
                    continue
                }
                guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw JSONError(.expectedCommaOrEnd, at: source.at)
                }
                source.at &+= 1
                parent = close(nodeBase + Int(parent), end: source.at, next: count)
                continue
            case .firstElement where byte == UInt8(ascii: "]"), .firstKey where byte == UInt8(ascii: "}"):
                source.at &+= 1
                parent = close(nodeBase + Int(parent), end: source.at, next: count)
                state = .afterValue
                continue
            case .colon:
                guard byte == UInt8(ascii: ":") else { throw JSONError(.expectedColon, at: source.at) }
                source.at &+= 1
                state = .value
                continue
            case .firstKey, .key:
                guard byte == UInt8(ascii: "\"") else { throw JSONError(.expectedKey, at: source.at) }
                guard count < nodes.count else { return false }
                nodeBase[count] = try source.string(next: count + 1)
                count &+= 1
                state = .colon
                continue
            case .start, .value, .firstElement:
                break
            }
            guard count < nodes.count else { return false }
            switch byte {
            case UInt8(ascii: "\""):
                nodeBase[count] = try source.string(next: count + 1)
                state = .afterValue
            case UInt8(ascii: "{"):
                nodeBase[count] = try open(.object, at: source.at, parent: parent)
                parent = UInt32(truncatingIfNeeded: count)
                source.at &+= 1
                state = .firstKey
            case UInt8(ascii: "["):
                nodeBase[count] = try open(.array, at: source.at, parent: parent)
                parent = UInt32(truncatingIfNeeded: count)
                source.at &+= 1
                state = .firstElement
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                nodeBase[count] = try source.number(next: count + 1)
                state = .afterValue
            default:
                nodeBase[count] = try source.literal(next: count + 1, first: state == .start)
                state = .afterValue
            }
            count &+= 1
        }
    }

    private mutating func open(_ kind: JSONKind, at start: Int, parent: UInt32) throws(JSONError) -> Node {
        guard depth < maximumDepth else { throw JSONError(.tooDeep, at: start) }
        depth &+= 1
        return Node(start: UInt32(truncatingIfNeeded: start), end: 0, next: parent, tag: UInt32(kind.rawValue))
    }

    /// Completes a container and returns its parent.
    private mutating func close(_ node: UnsafeMutablePointer<Node>, end: Int, next: Int) -> UInt32 {
        depth &-= 1
        let parent = node.pointee.next
        node.pointee.end = UInt32(truncatingIfNeeded: end)
        node.pointee.next = UInt32(truncatingIfNeeded: next)
        return parent
    }
}
