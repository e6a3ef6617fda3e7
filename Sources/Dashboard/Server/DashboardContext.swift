import Hummingbird
import Logging
import NIOCore

/// One request on its way through the dashboard.
struct DashboardContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who asks, once that has been looked at.
    var visitor = Visitor(id: "", csrf: "", isProgram: false)

    /// Who is at the other end.
    let channel: any Channel

    init(source: Source) {
        channel = source.channel
        coreContext = .init(source: source)
    }

    /// Policies are the largest that is sent.
    var maxUploadSize: Int { 1 << 20 }
}

/// A browser, or a program with the token.
struct Visitor: Sendable {
    /// The browser's own number, from its cookie.
    var id: String
    /// What a form must bring back to prove that it was one of our pages.
    var csrf: String
    /// Whether the token came with the request: no browser sends it by itself, so no form has to be proved.
    var isProgram: Bool
}
