import Events
import Foundation
import Testing

@testable import Terminal

@Suite("Output")
struct OutputTests {
    @Test func whatIsWrittenArrivesInOrder() throws {
        let pipe = Pipe()
        let output = Output(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        output.write("one ")
        output.line("two")
        output.write([UInt8(ascii: "3")])
        #expect(output.flush())
        try pipe.fileHandleForWriting.close()
        #expect(try pipe.fileHandleForReading.readToEnd() == Data("one two\n3".utf8))
    }

    @Test func aDescriptorThatRefusesClosesTheOutput() {
        let output = Output(descriptor: -1)
        output.write("x")
        #expect(!output.flush())
        #expect(!output.isOpen)
        #expect(output.failure == EBADF)
    }

    @Test func aPipeIsNoTerminalAndHasNoColour() {
        let pipe = Pipe()
        let display = Output(descriptor: pipe.fileHandleForWriting.fileDescriptor).display(environment: [
            "COLUMNS": "99"
        ])
        #expect(display == .pipe)
    }

    @Test func aTerminalHasColourUnlessToldOtherwise() throws {
        var controller: Int32 = 0
        var terminal: Int32 = 0
        var size = winsize(ws_row: 24, ws_col: 97, ws_xpixel: 0, ws_ypixel: 0)
        try #require(openpty(&controller, &terminal, nil, nil, &size) == 0)
        defer {
            close(controller)
            close(terminal)
        }
        let output = Output(descriptor: terminal)
        #expect(output.display(environment: [:]) == Display(isTerminal: true, columns: 97, usesColour: true))
        #expect(!output.display(environment: ["NO_COLOR": "1"]).usesColour)
        #expect(output.display(environment: ["NO_COLOR": ""]).usesColour)
        #expect(!output.display(environment: ["TERM": "dumb"]).isTerminal)
    }

    @Test func progressIsSilentForASecondAndInAPipe() throws {
        let pipe = Pipe()
        let output = Output(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        var silent = ProgressLine(
            output: output, display: .pipe, label: "loading", unit: "records", total: 10, now: Fixture.at(0))
        silent.update(5, now: Fixture.at(9))
        silent.finish()
        var spoken = ProgressLine(
            output: output, display: Fixture.terminal, label: "loading", unit: "records", total: 4_000,
            now: Fixture.at(0))
        spoken.update(100, now: Fixture.at(0.9))
        spoken.update(1_000, now: Fixture.at(2))
        spoken.update(1_001, now: Fixture.at(2.05))
        spoken.finish()
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        #expect(
            text
                == "\r\u{1B}[2Kloading  █████░░░░░░░░░░░░░░░ 25 %  1,000 of 4,000 records  500 records/s  6.0 s left\r\u{1B}[2K"
        )
    }
}
