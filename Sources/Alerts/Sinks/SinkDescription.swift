import Foundation

/// Sinks as they are written on a command line.
public enum SinkDescription {
    /// The forms there are.
    public static let forms =
        "stdout, stdout:json, file:PATH, command:PROGRAM, command:[\"PROGRAM\",\"ARGUMENT\"], alertmanager:URL, "
        + "webhook:URL, webhook:URL#hmac-env=NAME or webhook:URL#hmac-file=PATH; #ca-file=PATH for https"

    /// Makes the sink that a text describes.
    ///
    /// - Throws: `SinkError` with code `usage`, naming the text and the forms there are.
    public static func parse(_ text: String) throws(SinkError) -> any AlertSink {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let value = parts.count > 1 ? parts[1] : ""
        switch parts.first {
        case "stdout" where parts.count == 1 || value == "text": return StdoutSink(format: .text)
        case "stdout" where value == "json": return StdoutSink(format: .json)
        case "file" where !value.isEmpty: return FileSink(path: value)
        case "command" where value.hasPrefix("["):
            let arguments = try? JSONDecoder().decode([String].self, from: Data(value.utf8))
            guard let arguments, arguments.first?.isEmpty == false else { break }
            return CommandSink(arguments: arguments)
        case "command" where !value.isEmpty: return CommandSink(arguments: [value])
        case "alertmanager" where !value.isEmpty:
            let (address, signature) = try receiver(value)
            guard signature == nil else {
                throw SinkError(
                    .usage, "an Alertmanager does not look at signatures",
                    hint: "tollgate watch --sink alertmanager:https://HOST#ca-file=PATH")
            }
            return try AlertmanagerSink(address: address)
        case "webhook" where !value.isEmpty:
            let (address, signature) = try receiver(value)
            return WebhookSink(address: address, signature: signature)
        default: break
        }
        // A webhook's address is a secret, also behind a word that is misspelt.
        let shown = text.contains("://") ? "\(parts.first ?? ""):…" : text
        throw SinkError(
            .usage, "cannot read the sink \"\(shown)\": expected \(forms)", hint: "tollgate watch --sink stdout")
    }

    /// A URL and what stands behind it.
    private static func receiver(_ text: String) throws(SinkError) -> (SinkAddress, WebhookSignature?) {
        let halves = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        // The URL first: it is the likelier mistake.
        _ = try SinkAddress(halves[0])
        guard halves.count > 1 else { return (try SinkAddress(halves[0]), nil) }
        let options = try SinkOptions(halves[1])
        return (try SinkAddress(halves[0], authorities: options.authorities), options.signature)
    }
}
