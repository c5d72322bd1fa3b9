"""Opens reports in Chromium and looks whether they do what they promise. The last line says how many checks passed and
failed; the status is 1 if one failed."""
import argparse
import base64
import hashlib
import json
import re
import sys
import tempfile
import unicodedata
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import html5lib
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import bundles
from browser import FOCUSED, POOR_CONTRAST, TABBABLE, Browser


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def __call__(self, name, is_right, found=""):
        if is_right:
            self.passed += 1
            print(f"ok    {name}")
        else:
            self.failed += 1
            print(f"FAIL  {name}: {found}")


def text_of(file):
    return Path(file).read_text(encoding="utf-8")


def make(program, name, *arguments):
    file = program.folder / f"{name}.html"
    program.must("report", *arguments, "--out", file)
    return file


def check_file(check, name, file):
    """What can be seen without a browser."""
    text = text_of(file)
    parser = html5lib.HTMLParser(strict=False)
    parser.parse(text)
    check(f"{name}: valid HTML", not parser.errors, parser.errors[:3])
    check(f"{name}: below 3 MB", file.stat().st_size < 3_000_000, file.stat().st_size)
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    elements = list(tree.iter())
    ids = [element.get("id") for element in elements if element.get("id")]
    check(f"{name}: every id once", len(ids) == len(set(ids)), len(ids) - len(set(ids)))
    wanted = {name for element in elements for key in ("aria-labelledby", "href")
              for name in (element.get(key) or "").split()
              if key != "href" or name.startswith("#")}
    missing = {name.lstrip("#") for name in wanted} - set(ids)
    check(f"{name}: what links and labels name is there", not missing, sorted(missing)[:3])
    strange = {key for element in elements for key in element.attrib
               if isinstance(key, str) and (key.startswith("on") or key in ("style", "src", "srcset", "action"))}
    check(f"{name}: no handlers, styles or sources in attributes", not strange, strange)
    links = {element.get("href") for element in elements if element.get("href")}
    check(f"{name}: links stay on the page", all(link.startswith("#") for link in links),
          [link for link in links if not link.startswith("#")][:3])
    hidden = {f"U+{ord(character):04X}" for character in text
              if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") and character != "\n"}
    check(f"{name}: no character that hides", not hidden, hidden)
    check(f"{name}: nothing of this machine", str(Path(file).parent) not in text and "/home/" not in text)
    tables = [element for element in elements if element.tag == "table"]
    check(f"{name}: every table has a caption and titles", all(
        table.find("caption") is not None and all(cell.get("scope") for cell in table.iter("th")) for table in tables))
    pictures = [element for element in elements if str(element.tag).endswith("svg") and element.get("aria-hidden") is None]
    check(f"{name}: every picture says what is in it", bool(pictures) and all(
        picture.get("role") == "img" and any(str(child.tag).endswith("desc") and child.text for child in picture)
        for picture in pictures))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    for kind in ("script", "style"):
        content = re.search(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        check(f"{name}: the policy knows the {kind} by its digest",
              f"{kind}-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy, policy)


def rows(browser, section="#result-1"):
    return browser.js("""
        return Array.from(document.querySelectorAll(arguments[0] + " tbody tr[data-latent]"))
          .filter((row) => !row.hidden).map((row) => [row.dataset.latent, Number(row.dataset.q), row.dataset.way]);
        """, section)


def title(browser, section, name):
    for button in browser.driver.find_elements(By.CSS_SELECTOR, f"{section} thead button"):
        if button.text.strip() == name:
            return button
    raise AssertionError(f"no title {name} in {section}")


def check_ranking(check, browser, program, bundle):
    """Rows are those of `actdiff results`, sorted as the titles say."""
    ranking = json.loads(program.must("results", bundle, "--tuned", "adapted", "--mask", "all", "--format", "json"))[0]
    first = rows(browser)
    check("row 1 is row 1 of actdiff results", first[0][0] == str(ranking["top"][0]["latent"]), first[0])
    risen = [str(row["latent"]) for row in ranking["top"] if row["delta"] > 0]
    count = min(len(risen), sum(1 for row in first if row[2] == "rose"))
    check("so are the rows after it", [row[0] for row in first][:min(5, count)] == risen[:min(5, count)], first[:5])
    q = title(browser, "#result-1", "q")
    q.click()
    sorted_q = [row[1] for row in rows(browser)]
    check("a click on q puts the smallest first", sorted_q == sorted(sorted_q), sorted_q[:5])
    state = browser.js("return arguments[0].closest('th').getAttribute('aria-sort')", q)
    check("the title says how the table is sorted", state == "ascending", state)
    q.click()
    sorted_q = [row[1] for row in rows(browser)]
    check("a second click turns the order", sorted_q == sorted(sorted_q, reverse=True), sorted_q[:5])
    gaps = browser.js("return Array.from(document.querySelectorAll('#result-1 .gap')).filter((gap) => !gap.hidden).length")
    check("gaps of the ranking are shown in its order only", gaps == 0, gaps)
    title(browser, "#result-1", "rank").click()
    check("a click on rank brings the ranking back", rows(browser) == first)
    title(browser, "#result-1", "delta").send_keys(Keys.ENTER)
    values = browser.js("""
        const table = document.querySelector("#result-1 table");
        const at = Array.from(table.tHead.rows[0].cells).findIndex((cell) => cell.textContent === "delta");
        return Array.from(table.tBodies[0].rows).filter((row) => row.dataset.latent)
          .map((row) => Number(row.cells[at].dataset.v));""")
    check("Enter on a title sorts, too", values == sorted(values, reverse=True), values[:5])
    title(browser, "#result-1", "rank").click()


def check_filters(check, browser):
    before = rows(browser)
    find, limit = (browser.driver.find_element(By.ID, name) for name in ("find", "q"))
    find.send_keys(before[1][0])
    check("a number leaves that latent alone", {row[0] for row in rows(browser, "body")} == {before[1][0]})
    cards = browser.js("return Array.from(document.querySelectorAll('.card')).filter((card) => !card.hidden).map((card) => card.dataset.latent)")
    check("and its card alone", cards == [before[1][0]], cards)
    said = browser.driver.find_element(By.ID, "count").text
    check("the page says how much is shown", re.match(r"showing 1 of [\d,]+ latents, \d+ of [\d,]+ rows$", said), said)
    dim = browser.js("return document.querySelectorAll('#result-1 .dot.dim').length")
    dots = browser.js("return document.querySelectorAll('#result-1 .dot').length")
    check("points of other latents fade", dim == dots - 2, (dim, dots))
    browser.driver.get(browser.driver.current_url.split("#")[0] + "#" + browser.js(
        "return document.querySelector('.card[hidden]').id"))
    check("a link to a hidden card shows it", browser.js("return !document.querySelector(':target').hidden"))
    limit.send_keys("0.05")
    check("q below 0.05 holds for all that is shown", all(row[1] < 0.05 for row in rows(browser, "body")))
    limit.clear()
    limit.send_keys(Keys.BACKSPACE)
    for way in ("rose", "fell"):
        browser.driver.find_element(By.CSS_SELECTOR, f"#way option[value={way}]").click()
        found = {row[2] for row in rows(browser)}
        check(f"direction {way} holds for all that is shown", found == {way}, found)
    browser.driver.find_element(By.ID, "reset").click()
    check("everything comes back", rows(browser) == before)


def check_links(check, browser):
    link = browser.driver.find_element(By.CSS_SELECTOR, "#result-1 tbody a")
    browser.js("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", link)
    latent = link.text
    link.click()
    target = browser.js("const card = document.querySelector(':target'); return [card.dataset.latent, card.className]")
    check("a latent leads to its card", target == [latent, "card"], target)
    browser.driver.back()
    dot = browser.driver.find_element(By.CSS_SELECTOR, "#result-1 .dot")
    latent = dot.get_attribute("data-latent")
    browser.js("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", dot)
    browser.js("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", dot)
    check("a point leads to its card", browser.js("return document.querySelector(':target').dataset.latent") == latent)


def check_policy(check, browser, file, folder):
    browser.js("""
        window.violations = [];
        document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.evil = 1";
        document.body.append(script);
        const image = document.createElement("img");
        image.src = "https://example.invalid/x.png";
        document.body.append(image);
        document.body.insertAdjacentHTML("beforeend", "<p style='color: red' onclick='window.evil = 2'>x</p>");
        """)
    seen = browser.driver.execute_async_script(
        "const done = arguments[0]; const look = () => window.violations.length >= 4 ? done(window.violations) : setTimeout(look, 20); look();")
    check("scripts, images, styles and handlers that come later are blocked",
          {"script-src-elem", "img-src", "style-src-attr", "script-src-attr"} <= set(seen)
          and browser.js("return window.evil === undefined"), seen)
    changed = folder / "changed.html"
    changed.write_text(text_of(file).replace("</main>", "</main><script>window.evil = 3</script>"))
    browser.open(changed)
    check("a script that somebody writes into the file does not run", browser.js("return window.evil === undefined"))
    check("and the browser says so", any("Content Security Policy" in line for line in browser.console()))


def check_contrast(check, browser, file):
    for kind, features in [
        ("screen", {"prefers_color_scheme": "light"}), ("screen", {"prefers_color_scheme": "dark"}),
        ("screen", {"prefers_color_scheme": "light", "prefers_contrast": "more"}),
        ("screen", {"prefers_color_scheme": "dark", "prefers_contrast": "more"}),
        ("print", {"prefers_color_scheme": "dark"}),
    ]:
        browser.media(kind, **features)
        browser.open(file)
        found = browser.js(POOR_CONTRAST)
        what = " ".join([kind, *features.values()])
        print(f"      {what}: {found['texts']} texts of {found['kinds']} kinds, least contrast {found['least']:.2f}")
        check(f"contrast is WCAG AA, {what}", found["texts"] > 100 and not found["poor"], found["poor"])
        if kind == "print":
            check("the filters are not printed", browser.js("return getComputedStyle(document.querySelector('.tools')).display") == "none")
            check("paper is white", browser.js("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)")
    browser.media()


def check_keyboard(check, browser, file):
    browser.open(file)
    wanted = browser.js(TABBABLE)
    body = browser.driver.find_element(By.TAG_NAME, "body")
    reached, invisible = [], []
    body.send_keys(Keys.TAB)
    for _ in range(wanted + 5):
        focused = browser.js(FOCUSED)
        if focused is None or (reached and focused["tab"] == reached[0]):
            break
        reached.append(focused["tab"])
        if not focused["isVisible"]:
            invisible.append(focused)
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
    check(f"Tab reaches all {wanted} links and controls in their order", reached == [str(at) for at in range(wanted)],
          f"{len(reached)} reached, first difference at "
          f"{next((at for at, tab in enumerate(reached) if tab != str(at)), len(reached))}")
    check("what has the focus is seen to have it", not invisible, invisible[:3])


def check_without_scripts(check, browser, file):
    words = "return [document.querySelectorAll('tbody tr').length, document.querySelectorAll('.card').length, document.querySelector('main').innerText.length]"
    browser.open(file)
    with_scripts = browser.js(words)
    browser.scripts(False)
    try:
        browser.open(file)
        without = browser.driver.execute_cdp_cmd("Runtime.evaluate", {
            "expression": f"(() => {{ {words} }})()", "returnByValue": True})["result"]["value"]
        tools = browser.driver.execute_cdp_cmd("Runtime.evaluate", {
            "expression": "document.querySelector('.tools').hidden", "returnByValue": True})["result"]["value"]
    finally:
        browser.scripts(True)
    check("without scripts all rows and cards are there", without[:2] == with_scripts[:2] and without[2] > 0.9 * with_scripts[2] - 400,
          (without, with_scripts))
    check("and no control that does nothing", tools is True, tools)


def check_narrow(check, browser, file):
    for width in (360, 768):
        browser.size(width)
        browser.open(file)
        wide = browser.js("return [document.documentElement.scrollWidth, window.innerWidth]")
        check(f"at {width} pixels only tables scroll sideways", wide[0] <= wide[1], wide)
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def check_hostile(check, browser, file):
    browser.open(file)
    check("hostile names run nothing", browser.js("return window.evil === undefined && document.scripts.length === 1"))
    check("nor do they add elements", browser.js("return document.querySelectorAll('img, iframe, object, form, b').length") == 0)
    text = browser.js("return document.body.textContent")
    for shown in ["</script><script>window.evil = 1</script>", "&lt;b&gt; &amp; <!-- -->", "\\u{202e}gnp.exe", "zero\\u{200b}width",
                  "bell\\u{7} escape\\u{1b}[31m null\\u{0}", "{{{style}}} {{> page}}", "more characters)", "עברית"]:
        check(f"shown as it is: {shown[:30]}", shown in text)
    check("what is missing is said at the head", "PARTIAL: 1 of " in browser.js("return document.querySelector('header').textContent"))
    browser.driver.find_element(By.ID, "find").send_keys("gnp.exe")
    names = browser.js("return Array.from(document.querySelectorAll('.card')).filter((card) => !card.hidden).length")
    check("a part of a name finds its latent", names == 1, names)


def check_cards(check, browser, file):
    """Exemplars, whose texts somebody hostile wrote, and what single prompts did."""
    browser.open(file)
    check("texts of exemplars run nothing", browser.js("return window.evil === undefined && document.scripts.length === 1"))
    check("nor do they add elements", browser.js("return document.querySelectorAll('img, iframe, object, form, b').length") == 0)
    cards = browser.js("""return Array.from(document.querySelectorAll('.card')).map((card) => [
        card.querySelectorAll('.examples li').length, card.querySelectorAll('.tokens mark').length,
        card.querySelectorAll('.strip').length, card.querySelectorAll('.moved svg').length])""")
    check("cards have exemplars", sum(1 for card in cards if card[0] > 0) > 20, cards[:3])
    check("no more than a dozen each", max(card[0] for card in cards) <= 12, cards)
    check("each marks its token under base and tuned", all(card[1] == card[2] == 2 * card[0] for card in cards), cards[:3])
    check("and what each prompt did", sum(card[3] for card in cards) > 20, cards[:3])
    longest = browser.js("return Math.max(...Array.from(document.querySelectorAll('.tokens')).map((text) => text.textContent.length))")
    check("long tokens are cut", 0 < longest < 4000, longest)
    text = browser.js("return document.body.textContent")
    for shown in ["window.evil", "\\u{202e}", "🙂"]:
        check(f"shown in exemplars: {shown}", shown in text)
    rule = browser.js("return document.querySelector('#latents').textContent")
    check("it says where they come from", "Exemplars from corpus.jsonl" in rule and "Up to 12 of each latent" in rule)


def check_plots(check, browser, program, bundle):
    program.must("report", bundle, "--out", "plots.html", "--plots", "plots")
    files = sorted((program.folder / "plots").iterdir())
    check("every plot is a file", len(files) >= 4 and all(file.suffix == ".svg" for file in files), files)
    for file in files:
        root = ElementTree.parse(file).getroot()
        is_right = root.tag == "{http://www.w3.org/2000/svg}svg" and "var(" not in text_of(file)
        browser.open(file)
        check(f"{file.name} stands alone", is_right and not browser.console())


def check_command(check, program, bundle):
    first, second = (make(program, name, bundle) for name in ("one", "two"))
    check("the same bytes each time", first.read_bytes() == second.read_bytes())
    again = program.run("report", bundle, "--out", first)
    check("an existing file is refused", again.returncode == 64 and "one that does" in again.stderr, again)
    taken = program.run("report", bundle, "--out", "three.html", "--plots", bundle)
    check("so is an existing folder", taken.returncode == 64 and not (program.folder / "three.html").exists(), taken)
    few = program.run("report", bundle, "--out", "few.html", "--latents", "1")
    check("too few latents for the rankings are told", few.returncode == 64 and "--latents: expected at least" in few.stderr, few)
    six = text_of(make(program, "six", bundle, "--tuned", "adapted", "--mask", "all", "--latents", "6"))
    check("the page says how many latents it shows", "Showing 6 of 64 latents: the 3 that rose most and the 3 that fell most by delta in this result." in six)


def main():
    parser = argparse.ArgumentParser(prog="scripts/test-report", description=__doc__)
    parser.add_argument("--actdiff", required=True, help="the program to test")
    parser.add_argument("--keep", help="a folder that the reports are written to and left in")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--driver", default="/usr/bin/chromedriver")
    options = parser.parse_args()
    check = Checks()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        program = bundles.Program(Path(options.actdiff).resolve(), folder.resolve())
        plain, series, hostile = bundles.plain(program), bundles.series(program), bundles.hostile(program)
        exemplars = bundles.exemplars(program, plain)
        pages = {
            "cards": make(program, "page-cards", plain, exemplars, "--tuned", "adapted"),
            "plain": make(program, "page-plain", plain), "series": make(program, "page-series", series),
            "hostile": make(program, "page-hostile", hostile),
            "several": make(program, "page-several", plain, series, "--rank-by", "t", "--where", "q < 0.9"),
        }
        browser = Browser(options.chromium, options.driver)
        try:
            for name, file in pages.items():
                check_file(check, name, file)
                browser.open(file)
                check(f"{name}: nothing to complain of", not (lines := browser.console()), lines)
                asked = [address for address in browser.requests() if not address.startswith("about:")]
                check(f"{name}: no request but for the file", asked == [file.as_uri()], asked)
            browser.open(pages["plain"])
            check_ranking(check, browser, program, plain)
            check_filters(check, browser)
            check_links(check, browser)
            check("nothing to complain of after all that", not (lines := browser.console()), lines)
            check_policy(check, browser, pages["plain"], program.folder)
            check_hostile(check, browser, pages["hostile"])
            check_cards(check, browser, pages["cards"])
            for name in ("plain", "hostile", "series", "cards"):
                check_contrast(check, browser, pages[name])
            check_keyboard(check, browser, pages["plain"])
            check_without_scripts(check, browser, pages["series"])
            for name in ("series", "hostile", "cards"):
                check_narrow(check, browser, pages[name])
            check_plots(check, browser, program, series)
        finally:
            browser.close()
        check_command(check, program, plain)
    print(f"{check.passed} passed, {check.failed} failed")
    sys.exit(1 if check.failed or not check.passed else 0)


main()
