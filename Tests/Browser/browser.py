"""Chromium without a window, and what a person could ask of a page in it."""
import json
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service


class Browser:
    def __init__(self, chromium="/usr/bin/chromium", driver="/usr/bin/chromedriver"):
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900", "--force-color-profile=srgb",
                         "--force-prefers-reduced-motion"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service(driver), options=options)

    def close(self):
        self.driver.quit()

    def open(self, file):
        """Opens a file, and forgets what was logged before."""
        self.console(), self.requests()
        self.driver.get("about:blank")
        self.requests()
        self.driver.get(Path(file).as_uri())

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def console(self):
        """What was complained of since the last time, favicons aside, which pages do not ask for."""
        return [entry["message"] for entry in self.driver.get_log("browser") if "favicon" not in entry["message"]]

    def requests(self):
        """Addresses that were asked for since the last time."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def media(self, kind="", **features):
        """Emulates screen or print, and preferences such as prefers_color_scheme="dark"."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "media": kind,
            "features": [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]})

    def scripts(self, are_on):
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not are_on})

    def size(self, width, height=900):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def picture(self, file):
        """The whole page as PNG."""
        import base64
        shot = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": False})
        Path(file).write_bytes(base64.b64decode(shot["data"]))


# Elements with text of their own, whose colours give less contrast than WCAG 2.2 AA asks for.
POOR_CONTRAST = r"""
const seen = new Map();
const parse = (text) => {
  const parts = text.match(/[\d.]+/g).map(Number);
  // What is mixed of colours is told in shares, everything else in parts of 255.
  if (text.startsWith("color(srgb")) for (const at of [0, 1, 2]) parts[at] *= 255;
  return parts.length > 3 ? parts : [...parts, 1];
};
const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3]));
const light = (rgb) => {
  const parts = rgb.slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const behind = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    layers.push(colour);
    if (colour[3] === 1) break;
  }
  let rgb = [255, 255, 255];
  for (const layer of layers.reverse()) rgb = over(layer, rgb);
  return rgb;
};
let texts = 0;
const poor = [];
for (const element of document.querySelectorAll("body *")) {
  if (["SCRIPT", "STYLE", "TITLE", "DESC"].includes(element.tagName.toUpperCase())) continue;
  const own = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim());
  if (!own || !element.getClientRects().length) continue;
  const style = getComputedStyle(element);
  const isText = element instanceof SVGElement;
  const key = [element.tagName, element.className.baseVal ?? element.className, element.closest("nav,header,figcaption,caption,thead,tbody,.tools")?.tagName].join(" ");
  texts += 1;
  if (seen.has(key)) continue;
  const ground = behind(element);
  let opacity = 1;
  for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
  const ink = parse(isText ? style.fill : style.color);
  const shown = over([...ink.slice(0, 3), ink[3] * opacity], ground);
  const [a, b] = [light(shown), light(ground)];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  seen.set(key, ratio);
  const size = Number.parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (isLarge ? 3 : 4.5)) poor.push(`${key}: ${ratio.toFixed(2)}`);
}
return { texts, kinds: seen.size, least: Math.min(...seen.values()), poor };
"""

# What the Tab key should reach, in this order.
TABBABLE = r"""
return Array.from(document.querySelectorAll("a[href], button, input, select, [tabindex='0']"))
  .filter((element) => element.getClientRects().length && !element.closest("[hidden]"))
  .map((element, at) => { element.dataset.tab = String(at); return at; }).length;
"""

FOCUSED = r"""
const element = document.activeElement;
if (!element || element === document.body) return null;
const style = getComputedStyle(element);
return { tab: element.dataset.tab ?? null, tag: element.tagName, text: element.textContent.trim().slice(0, 40),
  isVisible: style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) > 0 };
"""
