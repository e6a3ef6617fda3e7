import Events
import StrictJSON

extension ConfigurationReader {
    /// Reads what becomes of calls that cannot be recorded.
    mutating func readAuditFailure(_ place: Place, into policy: inout FailPolicy) {
        let fields = fields(place, known: ConfigurationFields.auditFailure) { name in
            guard Risk(rawValue: name) != nil else { return nil }
            return (
                .unsupported,
                "\"read\" or \"write\": calls of any other class are always denied while they cannot be recorded"
            )
        }
        guard let fields else { return }
        if let place = fields["read"] { policy.boundsReads = isBounded(place) }
        if let place = fields["write"] { policy.boundsWrites = isBounded(place) }
        if let place = fields["events"] { policy.events = integer(place, FailPolicy.eventsRange) ?? policy.events }
        if let place = fields["duration"], let duration = duration(place) {
            if duration <= .seconds(FailPolicy.secondsRange.upperBound) {
                policy.duration = duration
            } else {
                refuse(.outOfRange, place, expected: "a duration of an hour at the most")
            }
        }
    }

    private mutating func isBounded(_ place: Place) -> Bool {
        name(place, among: ["closed", "bounded"], "what becomes of such calls") == "bounded"
    }
}
