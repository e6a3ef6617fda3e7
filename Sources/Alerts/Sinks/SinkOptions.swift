/// What stands behind a receiver's URL on a command line: `#hmac-env=NAME`, `#hmac-file=PATH`, `#ca-file=PATH`, with `&`
/// between two of them.
struct SinkOptions {
    /// How messages are signed.
    var signature: WebhookSignature?
    /// Whom to believe instead of the system's authorities.
    var authorities: SinkAuthorities?

    /// Reads them.
    ///
    /// - Throws: `SinkError` with code `usage`, which names variables and files, never what they hold.
    init(_ text: String) throws(SinkError) {
        for option in text.split(separator: "&", omittingEmptySubsequences: false) {
            let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
            switch parts.first {
            case "ca-file" where parts.count == 2 && authorities == nil:
                authorities = try SinkAuthorities(file: parts[1])
            case "hmac-env" where signature == nil, "hmac-file" where signature == nil:
                signature = try WebhookSignature.parse(String(option))
            default:
                throw SinkError(
                    .usage, "cannot read what stands behind a sink's URL",
                    hint: "expected #hmac-env=NAME, #hmac-file=PATH or #ca-file=PATH, each once, with & between them")
            }
        }
    }
}
