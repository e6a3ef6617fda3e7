import Foundation

/// Sinks as they are written on a command line.
public enum SinkDescription {
    /// The forms there are.
    public static let forms =
        "stdout, stdout:json, file:PATH, command:PROGRAM, command:[\"PROGRAM\",\"ARGUMENT\"], alertmanager:URL, "
        + "webhook:URL, webhook:URL#hmac-env=NAME or webhook:URL#hmac-file=PATH"

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
        case "alertmanager" where !value.isEmpty: return try AlertmanagerSink(address: SinkAddress(value))
        case "webhook" where !value.isEmpty:
            let halves = value.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let address = try SinkAddress(halves[0])
            let signature: WebhookSignature? =
                if halves.count > 1 { try WebhookSignature.parse(halves[1]) } else { nil }
            return WebhookSink(address: address, signature: signature)
        default: break
        }
        throw SinkError(
            .usage, "cannot read the sink \"\(text)\": expected \(forms)", hint: "tollgate watch --sink stdout")
    }
}
