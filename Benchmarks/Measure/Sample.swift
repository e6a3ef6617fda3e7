import Events

/// How many fields `sample` has on disk.
let sampleFields = 30

/// A decision as `run` writes it for the founding case.
let sample: Decision = {
    var decision = Decision(
        gateway: "laptop-17", identity: .flag, server: "ecs-mcp-server", transport: .stdio, method: "tools/call",
        verdict: .allow, mode: .enforce, reason: .allowed)
    decision.agent = "ci-builder"
    decision.client = "claude-code/2.4.1"
    decision.protocolRevision = "2025-11-25"
    decision.rpcID = "118"
    decision.tool = "build_and_push_image_to_ecr"
    decision.toolDigest = Digest64(0x0123_4567_89AB_CDEF)
    decision.risk = .execute
    decision.argumentKeys = ["app_name", "app_path", "tag"]
    decision.argumentDigest = Digest64(0xFEDC_BA98_7654_3210)
    decision.argumentBytes = 118
    decision.policy = "page"
    decision.policyDigest = Digest64(0x1111_2222_3333_4444)
    decision.limit = LimitReading(
        counter: "build_and_push_image_to_ecr_rate", windowSeconds: 60, maximum: 10, used: 3)
    decision.facts = ""
    decision.decideMicroseconds = 2
    return decision
}()

/// A call as an agent sends it.
let callText =
    #"{"jsonrpc":"2.0","id":118,"method":"tools/call","params":{"name":"build_and_push_image_to_ecr","arguments":{"#
    + #""app_name":"checkout-service","app_path":"/home/builder/work/checkout-service","tag":"2026-11-22.17","#
    + #""labels":{"team":"payments","commit":"9ea6f96c1b"}},"_meta":{"progressToken":118,"#
    + #""traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}}"#

/// The product page's policy.
let pagePolicy =
    #"{"version":"1","default":"deny","tools":{"build_and_push_image_to_ecr":{"limits":[{"#
    + #""counter":"build_and_push_image_to_ecr_rate","window":"minute","max":10,"scope":"grant"}]}}}"#
