import StrictJSON

extension ConfigurationReader {
    /// Reads where the dashboard listens, or an object of that and of who may see it.
    mutating func readDashboard(_ place: Place) -> ServeConfiguration.Dashboard? {
        guard tree.kind(place.node) == .object else {
            guard let address = dashboardAddress(place) else { return nil }
            return checked(ServeConfiguration.Dashboard(listen: address), place)
        }
        let known = ConfigurationFields.dashboard
        guard let fields = fields(place, known: known, required: ["listen"]) else { return nil }
        let address = fields["listen"].flatMap { dashboardAddress($0) }
        let token = fields["token_sha256"].flatMap { digest($0) }
        let hosts = list(fields["hosts"], "a host's name without port, such as \"tollgate.example\"") { text in
            let name = text.lowercased()
            return HostName.isValid(name) ? name : nil
        }
        guard let address else { return nil }
        let dashboard = ServeConfiguration.Dashboard(listen: address, tokenSHA256: token, hosts: hosts)
        return fields["token_sha256"] != nil && token == nil ? nil : checked(dashboard, place)
    }

    private mutating func checked(
        _ dashboard: ServeConfiguration.Dashboard, _ place: Place
    ) -> ServeConfiguration.Dashboard? {
        guard dashboard.listen.isLoopback || dashboard.tokenSHA256 != nil else {
            refuse(
                .contradiction, place, found: "an address beyond this machine, without \"token_sha256\"",
                expected: "\"token_sha256\" as well, or an address such as \"127.0.0.1:8787\"")
            return nil
        }
        return dashboard
    }

    private mutating func dashboardAddress(_ place: Place) -> ListenAddress? {
        string(place, "an address such as \"127.0.0.1:8787\" or \"[::1]:8787\"") { ListenAddress($0) }
    }
}
