import AuditLog
import Dispatch
import Events
import Foundation
import Synchronization

// Time: until a record is durable, until a reader has it; and how many can be written.
extension LogFigures {
    /// Milliseconds from append to durable at a steady pace, which does not wait for them: p50, p99, p99.9.
    func waits(perSecond rate: Int) throws -> Numbers {
        let writer = try open()
        let tickets = Mailbox<(ticket: LogTicket, since: UInt64)>()
        let waits = Mailbox<[Double]>()
        Thread.detachNewThread {
            var found: [Double] = []
            while let (ticket, since) = tickets.take() {
                _ = writer.waitUntilDurable(ticket, milliseconds: 60_000)
                found.append(Double(Self.nanoseconds() - since) / 1e6)
            }
            waits.put(found.sorted())
        }
        pace(perSecond: rate, count: rate == 1 ? 12 : min(rate * 8, 30_000)) { number in
            let since = Self.nanoseconds()
            guard let ticket = writer.append({ _, _ in bodies[number % bodies.count] }) else { return }
            tickets.put((ticket, since))
        }
        tickets.end()
        let found = waits.take() ?? []
        try writer.close()
        return [
            "ack_\(rate)_p50_ms": Self.quantile(found, 0.5), "ack_\(rate)_p99_ms": Self.quantile(found, 0.99),
            "ack_\(rate)_p999_ms": Self.quantile(found, 0.999),
        ]
    }

    /// Milliseconds from durable to the hands of a reader that follows as `tollgate tail -f` does, at 200 records a second.
    func tail() throws -> Numbers {
        let writer = try open()
        let log = writer.log
        let count = 2000
        let lags = Mailbox<[UInt64]>()
        Thread.detachNewThread {
            var seen: [UInt64] = []
            guard let reader = try? LogReader(log) else { return lags.put([]) }
            while seen.count < count {
                guard let block = try? reader.nextBlock() else {
                    LogReader.awaitNews([reader], milliseconds: 30)
                    continue
                }
                let now = Self.nanoseconds()
                seen += Array(repeating: now, count: block.lineCount)
            }
            lags.put(seen)
        }
        var durable: [UInt64] = []
        pace(perSecond: 200, count: count) { number in
            guard let ticket = writer.append({ _, _ in bodies[number % bodies.count] }) else { return }
            _ = writer.waitUntilDurable(ticket, milliseconds: 60_000)
            durable.append(Self.nanoseconds())
        }
        let seen = lags.take() ?? []
        try writer.close()
        // A reader may have a record before the producer knows that it is durable.
        let found = zip(durable, seen).map { $1 > $0 ? Double($1 - $0) / 1e6 : 0 }.sorted()
        return ["tail_p50_ms": Self.quantile(found, 0.5), "tail_p99_ms": Self.quantile(found, 0.99)]
    }

    /// Records a second made durable by one producer that waits only where the queue is full.
    func sustained() throws -> Numbers {
        let writer = try open()
        let cpu = Self.processSeconds()
        let began = Self.nanoseconds()
        let rounds = max(1, 500_000 / bodies.count)
        for _ in 0..<rounds {
            for body in bodies { writer.append { _, _ in body } }
        }
        try writer.close()
        let seconds = Double(Self.nanoseconds() - began) / 1e9
        let count = Double(rounds * bodies.count)
        return [
            "sustained_per_second": count / seconds, "sustained_cpu_us": (Self.processSeconds() - cpu) / count * 1e6,
        ]
    }

    /// Calls `body` so many times a second, from this thread.
    private func pace(perSecond rate: Int, count: Int, _ body: (Int) -> Void) {
        let began = Self.nanoseconds()
        for number in 0..<count {
            let due = began + UInt64(number) * 1_000_000_000 / UInt64(rate)
            let now = Self.nanoseconds()
            if due > now { usleep(UInt32((due - now) / 1000)) }
            body(number)
        }
    }

    static func nanoseconds() -> UInt64 {
        DispatchTime.now().uptimeNanoseconds
    }

    private static func quantile(_ ascending: [Double], _ part: Double) -> Double {
        ascending.isEmpty ? .nan : ascending[min(ascending.count - 1, Int(Double(ascending.count) * part))]
    }
}

/// What one thread hands to another.
private final class Mailbox<Value: Sendable>: Sendable {
    private let values = Mutex<(queue: [Value], first: Int)>(([], 0))
    private let count = DispatchSemaphore(value: 0)

    func put(_ value: Value) {
        values.withLock { $0.queue.append(value) }
        count.signal()
    }

    /// Nothing more will come.
    func end() {
        count.signal()
    }

    /// Waits for the next one; nil where there is none left.
    func take() -> Value? {
        count.wait()
        return values.withLock { values in
            guard values.first < values.queue.count else { return nil }
            defer { values.first += 1 }
            return values.queue[values.first]
        }
    }
}
