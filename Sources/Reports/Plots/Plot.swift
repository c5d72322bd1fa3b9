/// A picture with a title and a sentence that says what is to be seen in it, for those who do not see it.
struct Plot: Sendable {
    /// A name that is safe for files and, among the plots of a page, unique.
    let name: String
    let title: String
    let finding: String
    /// What its marks mean.
    let key: String
    let width: Double
    let height: Double
    /// What is drawn, as SVG elements.
    let content: String

    /// As a part of a page, whose style sheet says how its classes look.
    var inPage: Markup {
        Markup(
            source: """
                <svg class="plot" role="img" viewBox="\(box)" width="\(Drawing.size(width))" height="\(Drawing.size(height))" \
                aria-labelledby="\(name)-title \(name)-finding">
                <title id="\(name)-title">\(Markup(text: title).source)</title>
                <desc id="\(name)-finding">\(Markup(text: finding).source)</desc>
                \(content)</svg>
                """)
    }

    /// For a figure of a page, with what is to be seen and what marks mean below it.
    var fields: Fields {
        ["plot": inPage, "finding": Markup(text: finding, atMost: 2000), "key": Markup(text: key, atMost: 2000)]
    }

    /// As a file of its own, in the colours for paper.
    var file: String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="\(box)" width="\(Drawing.size(width))" height="\(Drawing.size(height))">
        <title>\(Markup(text: title).source)</title>
        <desc>\(Markup(text: finding).source)</desc>
        <style>
        \(PageStyle.standalonePlot)</style>
        <rect width="100%" height="100%" fill="#ffffff"/>
        \(content)</svg>

        """
    }

    private var box: String { "0 0 \(Drawing.size(width)) \(Drawing.size(height))" }
}
