import Hummingbird
import StrictJSON

/// What a program sent.
///
/// No page of another site can send it: its type makes a browser ask first (Fetch §3.2.2), and nobody answers.
struct JSONBody {
    let bytes: [UInt8]

    /// Reads the body of a program's request; where a token is set, it has to come with it.
    ///
    /// - Throws: `PageError`.
    static func read(_ request: Request, _ context: DashboardContext, _ site: Site) async throws -> JSONBody {
        guard context.visitor.isProgram || site.settings.tokenDigest == nil else {
            throw PageError(.forbidden, "this is for programs, which send the token: Authorization: Bearer …")
        }
        let type = request.headers[.contentType] ?? ""
        guard type.lowercased().hasPrefix("application/json") else {
            throw PageError(.unsupportedMediaType, "JSON is expected: Content-Type: application/json")
        }
        let buffer = try await request.body.bounded(context)
        return JSONBody(bytes: Array(buffer.readableBytesView))
    }

    /// The body as an object that has no other members than these; an empty body is an empty object.
    ///
    /// - Throws: `PageError`.
    func texts(_ known: Set<String>) throws -> [String: String] {
        guard !bytes.isEmpty else { return [:] }
        guard let tree = try? JSONTree(parsing: bytes), tree.kind(tree.root) == .object else {
            throw PageError(.badRequest, "the body is no JSON object")
        }
        var texts: [String: String] = [:]
        for (key, value) in tree.members(tree.root) {
            guard let name = tree.string(key), known.contains(name), let text = tree.string(value) else {
                let list = known.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
                throw PageError(.badRequest, "the body has a member that is not one of these, or no text: \(list)")
            }
            texts[name] = text
        }
        return texts
    }
}
