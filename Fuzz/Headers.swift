import MCP
import StrictJSON

/// Checks a message with its headers.
///
/// The input: a byte that says which headers are sent how often (two bits each), their three values, each up to a line
/// feed, and the message.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHeaders(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let parts = input(start, count).split(separator: 0x0A, maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, let flags = parts[0].first else { return 0 }
    var headers = RoutingHeaders()
    var values: [RoutingHeader: String] = [:]
    for (index, header) in RoutingHeader.allCases.enumerated() {
        let value = String(decoding: index == 0 ? parts[0].dropFirst() : parts[index], as: UTF8.self)
        for _ in 0..<min(2, flags >> (UInt8(index) * 2) & 3) { headers.add(header, value) }
        if case .once = line(headers, header) { values[header] = value }
    }
    var scanner = EnvelopeScanner()
    guard let message = try? scanner.scan(Array(parts[3]), framing: .body) else { return 0 }
    let answer = check(scanner, message, headers)
    require(check(scanner, message, headers) == answer, "the same answer twice")
    if case .success(let era) = answer { requireAgreement(scanner.tree, era, headers, values) }
    return 0
}

private func check(
    _ scanner: borrowing EnvelopeScanner, _ message: ClientMessage, _ headers: RoutingHeaders
) -> Result<ProtocolEra, HeaderDisagreement> {
    do throws(HeaderDisagreement) {
        return .success(try scanner.check(message, headers: headers))
    } catch {
        return .failure(error)
    }
}

private func line(_ headers: RoutingHeaders, _ header: RoutingHeader) -> RoutingHeaders.Line {
    switch header {
    case .protocolVersion: headers.protocolVersion
    case .method: headers.method
    case .name: headers.name
    }
}

/// The same once more, with strings and without any thought of speed.
private func requireAgreement(
    _ tree: JSONTree, _ era: ProtocolEra, _ headers: RoutingHeaders, _ values: [RoutingHeader: String]
) {
    for header in RoutingHeader.allCases { require(line(headers, header) != .repeated, "no header is there twice") }
    let method = tree.member(tree.root, "method").flatMap(tree.string)
    let params = tree.member(tree.root, "params")
    let meta = params.flatMap { tree.member($0, "_meta") }
    let version = meta.flatMap { tree.member($0, "io.modelcontextprotocol/protocolVersion") }
    let isRequest = method != nil && tree.member(tree.root, "id") != nil
    let handshake = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
    let named = [values[.protocolVersion], version.map { tree.string($0) ?? "?" }].compactMap { $0 }
    require((era == .handshake) == named.allSatisfy(handshake.contains), "the era is that of the revisions")
    func same(_ value: String, _ text: String?) -> Bool { text.map { Array($0.utf8) == Array(value.utf8) } ?? false }
    if let value = values[.method] { require(same(value, method), "the method agrees") }
    if let value = values[.protocolVersion], let version {
        require(same(value, tree.string(version)), "the revision agrees")
    }
    let key = ["tools/call": "name", "prompts/get": "name", "resources/read": "uri"][method ?? ""]
    let name = key.flatMap { key in params.flatMap { tree.member($0, named: key) } }
    if let value = values[.name], method == nil || key != nil {
        let text = name.flatMap(tree.string)
        require(HeaderValue.decode(value) == text.map { Array($0.utf8) } && text != nil, "the name agrees")
    }
    if era == .stateless, isRequest {
        require(values[.method] != nil && values[.protocolVersion] != nil, "the required headers are there")
        require(version != nil && (name == nil || values[.name] != nil), "so is the name")
    }
}
