import Hummingbird
import NIOCore

/// What a form sent: `application/x-www-form-urlencoded` (WHATWG URL §5.1), bounded.
struct FormBody: Sendable {
    private static let mostFields = 20_000
    private(set) var fields: [(name: String, value: String)] = []

    /// A field's value; the first of several.
    subscript(_ name: String) -> String? {
        fields.first { $0.name == name }?.value
    }

    /// A field's text without blanks around it; nil where nothing was entered.
    func text(_ name: String) -> String? {
        guard let value = self[name] else { return nil }
        let isBlank = { (character: Character) in character.isWhitespace }
        let text = String(value.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
        return text.isEmpty ? nil : text
    }

    /// Reads a form and holds it to the page that it must stand on.
    ///
    /// - Throws: `PageError` where it is none, is too large, or was not made by one of our pages.
    static func read(_ request: Request, _ context: DashboardContext) async throws -> FormBody {
        let buffer = try await request.body.bounded(context)
        let type = request.headers[.contentType] ?? ""
        guard type.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
            throw PageError(.unsupportedMediaType, "a form is expected: application/x-www-form-urlencoded")
        }
        guard let form = FormBody(buffer.readableBytesView) else {
            throw PageError(.badRequest, "this form cannot be read")
        }
        guard
            context.visitor.isProgram
                || Secrets.isSame(Array((form["csrf"] ?? "").utf8), Array(context.visitor.csrf.utf8))
        else {
            throw PageError(.forbidden, "this form is out of date: load its page again and send it from there")
        }
        return form
    }

    /// Reads the bytes; nil where they are no form.
    init?(_ bytes: some Sequence<UInt8>) {
        for part in Array(bytes).split(separator: UInt8(ascii: "&")) {
            guard fields.count < Self.mostFields else { return nil }
            let pieces = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(pieces[0]), let value = Self.decoded(pieces.count > 1 ? pieces[1] : [])
            else { return nil }
            fields.append((name, value))
        }
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): result.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                result.append(high << 4 | low)
            default: result.append(byte)
            }
        }
        return String(validating: result, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }
}

extension RequestBody {
    /// All of a body.
    ///
    /// - Throws: `PageError` where it is larger than is taken.
    func bounded(_ context: DashboardContext) async throws -> ByteBuffer {
        do {
            return try await collect(upTo: context.maxUploadSize)
        } catch is NIOTooManyBytesError {
            throw PageError(.contentTooLarge, "more than \(context.maxUploadSize >> 10) KiB were sent")
        }
    }
}
