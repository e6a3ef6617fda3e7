import Testing

@testable import Dashboard

@Suite struct PeerOwnerTests {
    private static let table = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:2253 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
           1: 0100007F:2253 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     7        0 2 1 0 20 4 30 10 -1
           2: 0200007F:9C40 0100007F:2253 01 00000000:00000000 00:00000000 00000000  1001        0 3 1 0 20 4 30 10 -1
           3: 0100007F:9C40 0100007F:2253 06 00000000:00000000 00:00000000 00000000  1002        0 4 1 0 20 4 30 10 -1
           4: 0100007F:9C40 0100007F:2253 01 00000000:00000000 00:00000000 00000000  1003        0 5 1 0 20 4 30 10 -1
           5: short
        """

    @Test func theSocketAtTheOtherEndIsFound() {
        #expect(
            PeerOwner.user(in: Self.table, from: ["0100007F:9C40"], to: "2253") == 1003,
            "not ours, not one that is over")
        #expect(PeerOwner.user(in: Self.table, from: ["0200007F:9C40"], to: "2253") == 1001)
        #expect(PeerOwner.user(in: Self.table, from: ["0100007F:9C41"], to: "2253") == nil)
        #expect(PeerOwner.user(in: Self.table, from: ["0100007F:9C40"], to: "2254") == nil)
        #expect(PeerOwner.user(in: "", from: ["0100007F:9C40"], to: "2253") == nil)
    }
}
