import Foundation
import Inputs

/// The style sheets and the script of a page, which are part of the program.
enum PageStyle {
    static let sheet = String(decoding: PackageResources.report_css, as: UTF8.self) + plotSheet
    static let script = String(decoding: PackageResources.report_js, as: UTF8.self)

    /// How plots look, without the page's variables: the colours for paper.
    static let standalonePlot = colours.reduce(plotSheet) { sheet, colour in
        sheet.replacing("var(\(colour.name))", with: colour.value)
    }

    /// What a page allows itself: its own sheet and script, known by their digests, and nothing else.
    static var policy: String {
        """
        default-src 'none'; style-src 'sha256-\(digest(sheet))'; script-src 'sha256-\(digest(script))'; base-uri 'none'; \
        form-action 'none'
        """
    }

    private static let plotSheet = String(decoding: PackageResources.plot_css, as: UTF8.self)

    /// The variables of the first rule of the sheet, which has the colours for paper.
    private static let colours: [(name: String, value: String)] = {
        let page = String(decoding: PackageResources.report_css, as: UTF8.self)
        let rule = page.drop { $0 != "{" }.dropFirst().prefix { $0 != "}" }
        return rule.split(separator: ";").compactMap { declaration in
            let parts = declaration.split(separator: ":").map { String($0.filter { !$0.isWhitespace }) }
            return parts.count == 2 && parts[0].hasPrefix("--") ? (parts[0], parts[1]) : nil
        }
    }()

    private static func digest(_ text: String) -> String { Data(Digest(of: text).bytes).base64EncodedString() }
}
