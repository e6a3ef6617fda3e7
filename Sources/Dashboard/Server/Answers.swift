import Hummingbird
import Reports

extension Response {
    /// A page.
    static func page(_ html: HTML, status: HTTPResponse.Status = .ok) -> Response {
        .text(status, html.markup, type: "text/html; charset=utf-8")
    }

    /// A line of text.
    static func plain(_ status: HTTPResponse.Status, _ text: String) -> Response {
        .text(status, text, type: "text/plain; charset=utf-8")
    }

    /// JSON that is written already.
    static func json(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        .text(status, text, type: "application/json")
    }

    /// Text of a media type.
    static func text(_ status: HTTPResponse.Status, _ text: String, type: String) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// Sends a browser on; after a form, to a page that may be loaded again.
    static func redirect(to address: String) -> Response {
        Response(status: .seeOther, headers: [.location: address])
    }
}
