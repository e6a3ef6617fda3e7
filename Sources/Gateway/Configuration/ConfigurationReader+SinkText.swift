import StrictJSON

extension ConfigurationReader {
    private static let sinkForms =
        "\"stdout\", \"stdout:json\", \"file:PATH\", \"command:PROGRAM\", \"webhook:URL\" or \"alertmanager:URL\", or "
        + "an object with \"webhook\", \"alertmanager\" or \"command\""

    /// A sink as `tollgate watch --sink` spells it.
    ///
    /// Its text may hold a webhook's address, which is a secret, and is never shown.
    mutating func sink(text place: Place) -> ServeConfiguration.Sink? {
        let what = "a sink: \(Self.sinkForms)"
        let text = string(place, what, maximum: ConfigurationFields.maximumPathBytes, isPrivate: true)
        guard let text else { return nil }
        let kind = text.prefix { $0 != ":" }
        let value = String(text.dropFirst(kind.count + 1))
        switch kind {
        case "stdout" where text == "stdout" || value == "text": return .stdout(isJSON: false)
        case "stdout" where value == "json": return .stdout(isJSON: true)
        case "file" where !value.isEmpty:
            return .file(ConfigurationPath.absolute(value, in: surroundings.folder))
        case "command" where value.hasPrefix("["): return command(text: value, place)
        case "command" where !value.isEmpty: return .command([value])
        case "webhook" where !value.isEmpty: return receiver(value, place, isWebhook: true)
        case "alertmanager" where !value.isEmpty: return receiver(value, place, isWebhook: false)
        default:
            refuse(.outOfRange, place, found: "a text that is none", expected: what)
            return nil
        }
    }

    private mutating func command(text: String, _ place: Place) -> ServeConfiguration.Sink? {
        let tree = try? JSONTree(parsing: Array(text.utf8))
        let words = tree.flatMap { tree in
            tree.kind(tree.root) == .array ? tree.elements(tree.root).map { tree.string($0) } : nil
        }
        let known = words?.compactMap { $0 } ?? []
        guard let program = known.first, !program.isEmpty, known.count == words?.count,
            !known.contains(where: { $0.contains("\0") })
        else {
            refuse(
                .outOfRange, place, found: "a command that cannot be read",
                expected: "{ \"command\": [\"PROGRAM\", \"ARGUMENT\"] }")
            return nil
        }
        return .command(known)
    }

    /// `URL`, or `URL#OPTION=VALUE&…`.
    private mutating func receiver(_ text: String, _ place: Place, isWebhook: Bool) -> ServeConfiguration.Sink? {
        let halves = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let url = sinkURL(halves[0], place, isBase: !isWebhook) else { return nil }
        var signing: ServeConfiguration.SigningSecret?
        var authorities: String?
        let options = halves.count < 2 ? [] : halves[1].split(separator: "&", omittingEmptySubsequences: false)
        for option in options {
            let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
            switch parts.first {
            case "hmac-env" where isWebhook && parts.count == 2 && signing == nil:
                signing = signingSecret(variable: parts[1], place)
                if signing == nil { return nil }
            case "hmac-file" where isWebhook && parts.count == 2 && signing == nil:
                signing = signingSecret(file: parts[1], place)
                if signing == nil { return nil }
            case "ca-file" where parts.count == 2 && authorities == nil && Self.isSecure(url):
                authorities = pemFile(parts[1], place)
                if authorities == nil { return nil }
            default:
                let secret = isWebhook ? "#hmac-env=NAME or #hmac-file=PATH, and for an https URL " : ""
                refuse(
                    .outOfRange, place, found: "an option of a sink that there is not",
                    expected: "\(secret)#ca-file=PATH")
                return nil
            }
        }
        return isWebhook
            ? .webhook(Secret(url), signing: signing, authorities: authorities)
            : .alertmanager(Secret(url), authorities: authorities)
    }
}
