import Testing

@testable import Monitoring

@Suite struct HTTPAddressTests {
    @Test func addressesAreNumbersWithAPort() {
        #expect(HTTPAddress("127.0.0.1:5613") == .standard)
        #expect(HTTPAddress("localhost:5613") == .standard)
        #expect(HTTPAddress("[::1]:80").map { "\($0) \($0.isLoopback)" } == "[::1]:80 true")
        #expect(HTTPAddress("127.9.0.1:0")?.isLoopback == true)
        for far in ["0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[fe80::1]:1", "128.0.0.1:1"] {
            #expect(HTTPAddress(far)?.isLoopback == false)
        }
        let wrong = [
            "", "off", "5613", ":5613", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "127.1:80",
            "::1:80", "[::1]", "[127.0.0.1]:80", "example.org:80", "http://127.0.0.1:80",
        ]
        for text in wrong { #expect(HTTPAddress(text) == nil, "\(text)") }
    }

    @Test func aHostFieldNamesThisMachineOrItDoesNot() {
        for host in ["127.0.0.1", "127.0.0.1:5613", "localhost:1", "LOCALHOST", "[::1]", "[::1]:5613"] {
            #expect(HTTPAddress.namesLoopback(host), "\(host)")
        }
        for host in [
            "", "10.0.0.1", "evil.example", "localhost.evil.example:5613", "[::2]", "[::1", "127.0.0.1.nip.io",
        ] {
            #expect(!HTTPAddress.namesLoopback(host), "\(host)")
        }
    }
}
