import Testing

@testable import Dashboard

@Suite struct PageAddressTests {
    @Test func aNameIsOneSegment() {
        #expect(PageAddress.segment("ci-builder_2.x~") == "ci-builder_2.x~")
        #expect(PageAddress.segment("a/b c?d#é") == "a%2Fb%20c%3Fd%23%C3%A9")
    }
}
