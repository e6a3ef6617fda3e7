import Events
import Policy
import StrictJSON

/// Spells a value anew, changes it, and compares both with it: by canonical bytes, by a naive reader, by a policy.
///
/// The input: eight bytes that the spelling and the change are made from, and a JSON value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCanonical(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    guard count > 8 else { return 0 }
    var random = Speller.Generator(state: bytes.loadUnaligned(as: UInt64.self))
    guard let tree = try? JSONTree(parsing: Array(bytes[8...])) else { return 0 }
    let value = PlainValue(tree.root, in: tree)
    let canonical = form(of: tree)

    var respelt: [UInt8] = []
    Speller.write(value, to: &respelt, using: &random)
    guard let same = try? JSONTree(parsing: respelt) else {
        require(false, "another spelling is JSON")
        return 0
    }
    require(PlainValue(same.root, in: same) == value, "another spelling is the same value to a naive reader")
    require(form(of: same) == canonical, "another spelling has the same canonical bytes")
    guard let back = try? JSONTree(parsing: canonical, limits: JSONLimits(maximumBytes: 64 << 20)) else {
        require(false, "canonical bytes are JSON")
        return 0
    }
    require(PlainValue(back.root, in: back) == value, "canonical bytes are the same value")
    require(form(of: back) == canonical, "and their own canonical form")

    var changed = value
    Speller.change(&changed, using: &random)
    var text: [UInt8] = []
    Speller.write(changed, to: &text, using: &random)
    // A change may lengthen what was as deep or as long as can be.
    guard let other = try? JSONTree(parsing: text) else { return 0 }
    let isSame = PlainValue(other.root, in: other) == value
    require((form(of: other) == canonical) == isSame, "canonical bytes are equal exactly where the values are")
    compare(value, tree, same, other, isSame: isSame)
    return 0
}

nonisolated(unsafe) private var canonicalizer = JSONCanonicalizer()

private func form(of tree: JSONTree) -> [UInt8] {
    var bytes: [UInt8] = []
    canonicalizer.append(tree.root, of: tree, to: &bytes)
    var fresh: [UInt8] = []
    tree.appendCanonical(tree.root, to: &fresh)
    require(bytes == fresh, "a used writer writes as a fresh one does")
    return bytes
}

/// A policy's `eq` with the value agrees: the same value is equal, another is not.
private func compare(_ value: PlainValue, _ own: JSONTree, _ same: JSONTree, _ other: JSONTree, isSame: Bool) {
    // Policies compare with anything but null, and bound how deep and long a document is.
    guard value != .null else { return }
    let text = own.withUnsafeBytes(of: own.root) { String(decoding: $0, as: UTF8.self) }
    let document = #"{"version":"1","default":"allow","tools":{"t":{"require":[{"conditions":["#
    let condition = #"{"path":"args.v","op":"eq","value":\#(text)}"#
    let reading = PolicyDocument.read(Array((document + condition + "]}]}}}").utf8))
    guard let policy = reading.document.map({ CompiledPolicy($0, name: "p", digest: Digest64(1)) }) else { return }
    for (tree, expected) in [(own, true), (same, true), (other, isSame)] {
        let argument = tree.withUnsafeBytes(of: tree.root) { Array($0) }
        guard let arguments = try? JSONTree(parsing: Array(#"{"v":"#.utf8) + argument + Array("}".utf8)) else {
            continue
        }
        var counters = LimitCounters()
        let verdict = policy.decide(
            Call(
                tool: "t", arguments: arguments.root, in: arguments,
                caller: Caller(agent: "a", grant: "g", session: nil, server: "s")), counters: &counters,
            now: Timestamp(microseconds: 1_795_368_960_000_000))
        require(verdict.passes == expected, "the policy's eq says what the canonical bytes say")
    }
}
