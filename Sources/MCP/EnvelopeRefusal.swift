public import StrictJSON

/// Why a client's message is not forwarded.
///
/// Never contains a byte of the message.
public struct EnvelopeRefusal: Error, Equatable, Sendable {
    /// The reason as the record spells it.
    public enum Reason: String, Sendable {
        /// Not a message the protocol allows, or one that a server could read differently than the gateway.
        case malformed
        /// A JSON-RPC batch.
        case batch
        /// More bytes than allowed.
        case tooLarge = "too_large"
    }

    /// Who gets an answer.
    public enum Answer: Equatable, Sendable {
        /// Nobody: it was a notification or a response.
        case none
        /// The request of this id.
        case request(MessageID)
        /// Somebody whose id cannot be told: the answer's id is null.
        case unknown
    }

    /// The reason, for the record.
    public var reason: Reason
    /// What exactly is wrong.
    public var detail: Detail
    /// Where, as a byte offset into the message.
    public var offset: Int
    /// Who gets an answer.
    public var answer: Answer
    /// The message's method where it can be told.
    public var method: MCPMethod?
    /// The name of the tool that was to be called, a string that the message may spell with escapes.
    public var tool: JSONNode?

    /// The JSON-RPC code of the answer: −32700 for what is not JSON, else −32600.
    public var code: RPCErrorCode {
        if case .json(let code) = detail, code != .duplicateKey, code != .tooLarge, code != .tooDeep {
            return .parseError
        }
        return .invalidRequest
    }
}

extension EnvelopeRefusal {
    /// Everything that can be wrong with a message.
    public enum Detail: Equatable, Sendable {
        /// Not the JSON that is accepted here.
        case json(JSONError.Code)
        /// A line break inside a line.
        case lineBreak
        /// A batch.
        case batch
        /// A value other than an object.
        case notAnObject
        /// An object of the envelope, or in a tool call, has one key twice.
        case duplicateKey
        /// A key that some readers take for one that decides: it differs in case, or contains a control character.
        case ambiguousKey
        /// A key `__proto__`, which some JavaScript servers follow to values that were never sent.
        case prototypeKey
        /// `jsonrpc` is missing or not `"2.0"`.
        case version
        /// `id` is neither a string nor an integer written as digits only.
        case idType
        /// `id` is too long.
        case idTooLong
        /// `method` is not a string, is empty, or contains a control character.
        case method
        /// `method` differs from `tools/call` in case or white space only.
        case ambiguousMethod
        /// Both a method and a result or error, or both of those.
        case contradictory
        /// Neither a method nor a result or error.
        case neither
        /// A result or error without an id.
        case responseWithoutID
        /// A tool call that asks for no answer.
        case callWithoutID
        /// `params` of a tool call is not an object.
        case params
        /// The tool's name is missing, not a string, empty, or contains a control character.
        case toolName
        /// `arguments` of a tool call is there and not an object.
        case arguments

        /// The same in words, constant text.
        public var text: StaticString {
            switch self {
            case .json(let code): code.explanation
            case .lineBreak: "a line break inside a line"
            case .batch: "batches are not accepted"
            case .notAnObject: "not a JSON object"
            case .duplicateKey: "an object has the same key twice"
            case .ambiguousKey: "a key that can be mistaken for another"
            case .prototypeKey: "the key __proto__ is not accepted"
            case .version: "jsonrpc must be \"2.0\""
            case .idType: "id must be a string or an integer"
            case .idTooLong: "id is too long"
            case .method: "method must be a non-empty string without control characters"
            case .ambiguousMethod: "a method that can be mistaken for tools/call"
            case .contradictory: "both a method and a result or error, or both of those"
            case .neither: "neither a method nor a result or error"
            case .responseWithoutID: "a result or error without an id"
            case .callWithoutID: "a tool call must have an id"
            case .params: "params of tools/call must be an object"
            case .toolName: "the tool's name must be a non-empty string without control characters"
            case .arguments: "arguments must be an object or absent"
            }
        }
    }
}

extension EnvelopeRefusal: CustomStringConvertible {
    /// One sentence without any of the message's content.
    public var description: String { "\(detail.text) at byte \(offset)" }
}
