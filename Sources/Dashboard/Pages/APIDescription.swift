import Hummingbird
import Reports
import StrictJSON

/// What programs can ask, as an OpenAPI 3.1 document.
enum APIDescription {
    /// The paths that are read, with what they give.
    static let reading: [(path: String, summary: String, parameters: [String])] = [
        ("/api/v1/overview", "Calls of the last minute, agents at work, open alerts, how far each log is loaded.", []),
        ("/api/v1/live", "The newest lines of the live view.", ["q", "notable"]),
        ("/api/v1/agents", "Agents and tools by calls: `tollgate report rates --json`.", ["span"]),
        ("/api/v1/tools", "The same as /api/v1/agents.", ["span"]),
        ("/api/v1/limits", "How near calls came to their limits: `tollgate report limits --json`.", ["span"]),
        ("/api/v1/denials", "What was refused and why: `tollgate report denials --json`.", ["span"]),
        ("/api/v1/alerts", "All alerts and how they stand.", []),
        ("/api/v1/approvals", "The calls that wait for a person: `tollgate approvals list --json`.", []),
        ("/api/v1/policies", "The policies in force, with their files and the grants that name them.", []),
        ("/api/v1/policies/{name}", "A policy's text, its errors, and what becomes of each tool.", ["name"]),
        ("/api/v1/log/{name}", "A log's segments, its newest signed head, its verification.", ["name"]),
    ]

    /// The paths that are posted to, with the one text that their JSON object has.
    static let writing: [(path: String, summary: String, field: String, isNeeded: Bool)] = [
        ("/api/v1/approvals/{name}/approve", "Lets a held call go on, once.", "message", false),
        ("/api/v1/approvals/{name}/deny", "Refuses a held call; its caller is told why.", "message", false),
        ("/api/v1/policies/{name}/check", "Everything that is wrong with another text of a policy.", "text", true),
    ]

    static func add(to router: Router<DashboardContext>, version: String) {
        let text = document(version)
        router.get("/api/v1/openapi.json") { _, _ -> Response in .json(text) }
    }

    /// The header of what may be kept.
    private static let age = """
        "headers":{"Age":{"description":"Of figures that are kept, because they are of many records: for how many seconds more may \
        have been loaded that they do not have. Absent where they were made for this request.","schema":\
        {"type":"integer","minimum":0}}},
        """

    private static func document(_ version: String) -> String {
        let paths = reading.map { path, summary, parameters in
            let list = parameters.map(parameter).joined(separator: ",")
            return """
                \(JSONString.of(path)):{"get":{"summary":\(JSONString.of(summary)),"parameters":[\(list)],"responses":{\
                "200":{"description":"The figures.",\(parameters.contains("span") ? age : "")"content":{"application/json":{"schema":{"type":"object"}}}},\
                "401":{"description":"The token is missing or wrong."},\
                "503":{"description":"There is nothing to ask yet.","content":{"application/json":{"schema":\
                {"$ref":"#/components/schemas/Problem"}}}}}}}
                """
        }
        let posts = writing.map { path, summary, field, isNeeded in
            """
            \(JSONString.of(path)):{"post":{"summary":\(JSONString.of(summary)),"parameters":[\(parameter("name"))],\
            "requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object",\
            "additionalProperties":false,"properties":{"\(field)":{"type":"string"}}\
            \(isNeeded ? ",\"required\":[\"\(field)\"]" : "")}}}},"responses":{\
            "200":{"description":"Done, or what was found.","content":{"application/json":{"schema":{"type":"object"}}}},\
            "401":{"description":"The token is missing or wrong."},\
            "409":{"description":"It does not wait any more.","content":{"application/json":{"schema":\
            {"$ref":"#/components/schemas/Problem"}}}}}}}
            """
        }
        return """
            {"openapi":"3.1.0","info":{"title":"tollgate dashboard","version":\(JSONString.of(version)),\
            "description":"The figures of the pages, for programs. Times are RFC 3339 in UTC."},\
            "paths":{\((paths + posts).joined(separator: ","))},"components":{"schemas":{"Problem":{"type":"object",\
            "required":["error"],"properties":{"error":{"type":"string"},"hint":{"type":"string"}}}},\
            "securitySchemes":{"token":{"type":"http","scheme":"bearer"}}},"security":[{"token":[]},{}]}

            """
    }

    private static func parameter(_ name: String) -> String {
        switch name {
        case "span":
            let spans = Span.allCases.map { JSONString.of($0.rawValue) }.joined(separator: ",")
            return """
                {"name":"span","in":"query","description":"How far back from the newest record, in whole UTC hours, of a \
                week and more in whole UTC days.","schema":\
                {"type":"string","enum":[\(spans)],"default":"24h"}}
                """
        case "notable":
            return """
                {"name":"notable","in":"query","description":"1 leaves out calls that simply went on.","schema":\
                {"type":"string","enum":["1"]}}
                """
        case "name":
            return "{\"name\":\"name\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}"
        default:
            return
                "{\"name\":\"q\",\"in\":\"query\",\"description\":\"A text in the line.\",\"schema\":{\"type\":\"string\"}}"
        }
    }
}
