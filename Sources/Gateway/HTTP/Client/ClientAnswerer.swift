/// Who answers a request, told of what happens to its connection.
protocol ClientAnswerer: AnyObject {
    /// The client has gone, or was cut off; nothing can be written any more.
    func clientLeft()
    /// The client reads again, or has stopped reading.
    func clientReads(_ reads: Bool)
}
